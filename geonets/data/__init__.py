"""How structures come in and go out."""
