"""What only mlflow 3 clients can do: LoggedModels, and models that are loaded by their own id."""
