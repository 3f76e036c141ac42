"""Every dialect of the registry and the catalog about the same objects.

They run where the open-source Unity Catalog client is (requirements/clients-mlflow222.txt): mlflow 2.22 in this
process, mlflow 3.17 in another that `speaker` is.
"""
