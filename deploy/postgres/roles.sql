-- Run once by the image of Postgres, as its superuser, when the volume is empty: the database and the two roles that use it.
-- The owner migrates, prunes and erases; the other serves requests and cannot touch what is on record.

-- A statement that fails would otherwise be logged whole, with its password.
set log_min_error_statement to panic;

\getenv owner_password SILVER_OWNER_PASSWORD
\getenv app_password SILVER_APP_PASSWORD

create role silver_owner login password :'owner_password';
create role silver_app login password :'app_password';

create database silver_auth owner silver_owner;
revoke all on database silver_auth from public;
grant connect on database silver_auth to silver_app;
