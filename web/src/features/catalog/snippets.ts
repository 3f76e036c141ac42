/** What to copy into a script, for each thing that is not there yet. */

const CONNECT = `from databricks.sdk import WorkspaceClient

w = WorkspaceClient(host="${window.location.origin}", token="…")`;

export const makeCatalog = `${CONNECT}
w.catalogs.create("shop", comment="what the shop sells")
w.schemas.create("toys", "shop")`;

export const makeSchema = (catalog: string) => `${CONNECT}
w.schemas.create("toys", "${catalog}")`;

export const fillSchema = (catalog: string, schema: string) => `${CONNECT}
from databricks.sdk.service.catalog import ColumnInfo, ColumnTypeName, DataSourceFormat, TableType, VolumeType

w.volumes.create("${catalog}", "${schema}", "files", VolumeType.MANAGED)
table = w.tables.create(
    "sales", "${catalog}", "${schema}", TableType.MANAGED, DataSourceFormat.DELTA, "",
    columns=[ColumnInfo(name="id", type_text="bigint", type_name=ColumnTypeName.LONG, position=0)])`;

export const uploadTo = (volume: string) => `${CONNECT}
with open("report.csv", "rb") as file:
    w.files.upload("${volume}/report.csv", file)`;

export const writeTable = (location: string) => `import pyarrow as pa
from deltalake import write_deltalake  # pip install deltalake pyarrow

write_deltalake("${location}", pa.table({"id": [1, 2, 3]}), mode="append")`;

export const readTable = (location: string) => `from deltalake import DeltaTable  # pip install deltalake pandas

print(DeltaTable("${location}").to_pandas())`;
