"""The libraries people build agents with, by MLflow's unmodified autologging, against models that follow a script."""
