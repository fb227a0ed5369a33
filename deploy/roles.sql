-- Two roles: `shop_owner` owns the tables and migrates, `shop` serves people and cannot switch off a trigger, drop
-- a constraint or empty a table. Run once by psql as a superuser; the passwords come from the environment:
--   DATABASE_OWNER_PASSWORD=... DATABASE_PASSWORD=... psql --file deploy/roles.sql
\set ON_ERROR_STOP on
\getenv owner_password DATABASE_OWNER_PASSWORD
\getenv shop_password DATABASE_PASSWORD

CREATE ROLE shop_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE shop LOGIN PASSWORD :'shop_password';
-- Nothing waits for ever, behind PgBouncer neither.
ALTER ROLE shop SET lock_timeout = '4s';
ALTER ROLE shop SET statement_timeout = '20s';
ALTER ROLE shop SET idle_in_transaction_session_timeout = '30s';

CREATE DATABASE shop OWNER shop_owner;
REVOKE CONNECT, TEMPORARY ON DATABASE shop FROM PUBLIC;
GRANT CONNECT ON DATABASE shop TO shop;

\connect shop
ALTER SCHEMA public OWNER TO shop_owner;
-- Whatever the owner creates from now on. Not among them: TRUNCATE, REFERENCES, TRIGGER.
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO shop;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT USAGE, SELECT ON SEQUENCES TO shop;
