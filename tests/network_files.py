"""Networks and robots as others write them, small and with everything that the formats can say."""

from __future__ import annotations

FOLDER = {
    "A": "1, 2\n2, 1\n3, 3\n1, 2\n1, 2\n",
    "graph_indicator": "1\n1\n2\n",
    "graph_labels": "5\n-3\n",
    "node_labels": "2\n4\n2\n",
    "node_attributes": "0.5, 1\n2.5, 3\n4.5, 5\n",
    "edge_labels": "7\n7\n8\n7\n9\n",
}
"""The files of a TUDataset folder."""

NETWORK = """Creator "somebody, in # 1997"  # a comment
graph [ directed 1 name "a &quot;net&quot;"
  node [ id 7 label "a" size 1.5 place [ x 1 y 2 ] ]
  node [ id 9 label "b" size 2 place [ x 3 y 4 ] tag 1 tag 2 ]
  edge [ source 7 target 9 weight -2e1 ] edge [ source 9 target 9 weight .5 ]
]"""
"""GML."""

MARKED = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="node" attr.name="age" attr.type="int"><default>4</default></key>
<key id="d1" for="edge" attr.name="close" attr.type="boolean"/>
<key id="d2" for="node" attr.name="title" attr.type="string"/>
<graph edgedefault="directed"><node id="a"><data key="d0"> 7 </data></node><node id="b"><data key="d2">sir</data></node>
<edge source="a" target="b"><data key="d1">true</data></edge></graph></graphml>"""
"""GraphML."""

ARM = """<robot name="arm">
  <link name="tip"/>
  <link name="base"><inertial><origin xyz="0 0 1" rpy="0 0 1.5707963267948966"/><mass value="2"/>
    <inertia ixx="1" ixy="0" ixz="0" iyy="2" iyz="0" izz="3"/></inertial></link>
  <link name="fore"/>
  <joint name="wrist" type="fixed"><parent link="fore"/><child link="tip"/><origin xyz="1 0 0"/></joint>
  <joint name="elbow" type="revolute"><parent link="base"/><child link="fore"/><axis xyz="0 0 2"/>
    <origin xyz="0 0 1" rpy="0 0 1.5707963267948966"/><limit lower="-1" upper="2" effort="5" velocity="3"/>
    <dynamics damping="0.5"/><mimic joint="wrist" multiplier="2"/></joint>
  <transmission name="t"><joint name="elbow"/><actuator name="motor"><mechanicalReduction>50</mechanicalReduction></actuator></transmission>
</robot>"""
"""URDF."""

LEG = """<mujoco model="leg"><compiler angle="radian" meshdir="shapes"/>
<default><joint damping="0.25"/></default>
<worldbody><body name="torso" pos="0 0 1"><freejoint name="root"/><geom size="0.1"/>
  <body name="thigh" pos="0 0 -0.5"><joint name="x" type="hinge" axis="1 0 0" limited="true" range="-1 2"/>
    <joint name="z" type="slide" axis="0 0 3" armature="0.5"/><geom size="0.1" pos="0.2 0 0"/>
    <body name="foot" pos="0 0 -0.5" euler="0 0 1.5707963267948966"><geom size="0.1"/></body></body></body></worldbody>
<tendon><fixed name="pull"><joint joint="x" coef="2"/><joint joint="z" coef="-1"/></fixed></tendon>
<actuator><motor name="hip" joint="z" gear="150" ctrllimited="true" ctrlrange="-1 1"/><motor tendon="pull"/></actuator></mujoco>"""
"""MJCF."""

NETWORKS: dict[str, dict[str, bytes]] = {
    "tu": {f"small/S_{name}.txt": text.encode() for name, text in FOLDER.items()},
    "edgelist": {"a.edges": b"# names\na b 0.5\nb c 2\n", "b.edges": b"0 1\n1 7\n2 2\n"},
    "gml": {"a.gml": NETWORK.encode()},
    "graphml": {"a.graphml": MARKED.encode()},
    "urdf": {"arm.urdf": ARM.encode()},
    "mjcf": {"leg.xml": LEG.encode()},
}
"""Valid files of each format, by name."""
