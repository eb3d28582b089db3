"""How structures come in and go out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, ["transforms"])
