"""Points in the plane: a real, tiny medium that stands outside the project, as a third party's would."""
