-- Databases and users of an installation on an empty server, run once by its superuser: deploy/postgresql/roles.sh.
-- Who may do what in the ledger is said by `asiento ledger migrate` as its owner (docs/postgresql-ledger.md).
\set ON_ERROR_STOP on
CREATE ROLE asiento_owner LOGIN PASSWORD :'ledger_owner';
CREATE ROLE asiento_writer LOGIN PASSWORD :'ledger_writer';
CREATE ROLE asiento_reader LOGIN PASSWORD :'ledger_reader';
CREATE ROLE asiento_operations LOGIN PASSWORD :'operations';
CREATE ROLE asiento_postings LOGIN PASSWORD :'postings';
CREATE DATABASE books OWNER asiento_owner ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE operations OWNER asiento_operations ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE postings OWNER asiento_postings ENCODING 'UTF8' TEMPLATE template0;
REVOKE CONNECT ON DATABASE books FROM PUBLIC;
REVOKE CONNECT ON DATABASE operations FROM PUBLIC;
REVOKE CONNECT ON DATABASE postings FROM PUBLIC;
GRANT CONNECT ON DATABASE books TO asiento_writer, asiento_reader;
