-- The server's own catalog, `system`, and in it the audit log as a table (docs/decisions/0009-audit-table.md).

-- What is the whole server's is at home in no workspace but 0, which is none: nobody is in it, no list has it.
INSERT INTO workspace (id, name, description) VALUES (0, '', 'What is the whole server''s.');
ALTER TABLE catalog ADD CHECK (name <> 'system' OR workspace_id = 0);
INSERT INTO catalog (workspace_id, name, comment, isolation_mode)
VALUES (0, 'system', 'What the server tells about itself. It is read, and changed by nobody.', 'OPEN');
INSERT INTO catalog_schema (workspace_id, catalog_name, name, comment)
VALUES (0, 'system', 'access', 'Who did what.');

INSERT INTO asset (workspace_id, catalog_name, schema_name, kind, name, comment, created_at, created_by, updated_at,
                   updated_by, detail)
SELECT 0, 'system', 'access', 'table', 'audit', 'The audit log: every call that changed something, and every denied one.',
       created_at, '', created_at, '', '{"table_type": "MANAGED", "data_source_format": "DELTA", "columns": [
    {"name": "version", "type_text": "string", "type_name": "STRING", "position": 0},
    {"name": "event_time", "type_text": "timestamp", "type_name": "TIMESTAMP", "position": 1},
    {"name": "event_date", "type_text": "date", "type_name": "DATE", "position": 2, "partition_index": 0},
    {"name": "workspace_id", "type_text": "bigint", "type_name": "LONG", "position": 3},
    {"name": "source_ip_address", "type_text": "string", "type_name": "STRING", "position": 4},
    {"name": "user_agent", "type_text": "string", "type_name": "STRING", "position": 5},
    {"name": "session_id", "type_text": "string", "type_name": "STRING", "position": 6},
    {"name": "user_identity", "type_text": "struct<email:string,subject_name:string>", "type_name": "STRUCT", "position": 7},
    {"name": "service_name", "type_text": "string", "type_name": "STRING", "position": 8},
    {"name": "action_name", "type_text": "string", "type_name": "STRING", "position": 9},
    {"name": "request_id", "type_text": "string", "type_name": "STRING", "position": 10},
    {"name": "request_params", "type_text": "map<string,string>", "type_name": "MAP", "position": 11},
    {"name": "response", "type_text": "struct<status_code:int,error_message:string,result:string>", "type_name": "STRUCT", "position": 12},
    {"name": "audit_level", "type_text": "string", "type_name": "STRING", "position": 13},
    {"name": "account_id", "type_text": "string", "type_name": "STRING", "position": 14},
    {"name": "event_id", "type_text": "string", "type_name": "STRING", "position": 15},
    {"name": "identity_metadata", "type_text": "struct<run_by:string,run_as:string>", "type_name": "STRUCT", "position": 16}
]}' FROM catalog WHERE workspace_id = 0;

-- How far the table has come. Its commits carry the number as well, and theirs counts.
CREATE TABLE audit_table (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    written  bigint NOT NULL DEFAULT 0, -- the number of the last event that is in it
    tidied   date NOT NULL DEFAULT '1970-01-01' -- when old rows and small files were last looked for
);
INSERT INTO audit_table DEFAULT VALUES;

-- Who looks after a group or a service principal, or may act as one, without administering the server.
CREATE TABLE principal_role (
    principal_id bigint NOT NULL REFERENCES principal ON DELETE CASCADE, -- the group or service principal
    holder_id    bigint NOT NULL REFERENCES principal ON DELETE CASCADE,
    role         text COLLATE "C" NOT NULL,
    PRIMARY KEY (principal_id, holder_id, role)
);
CREATE INDEX principal_role_of_holder ON principal_role (holder_id);
