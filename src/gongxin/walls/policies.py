"""From the table of walls to SQL: functions, grants and policies. Pure: text in, text out.

No policy names a role, so that a dump can be read by a server that has none of ours. Whatever is asked of the settings
of a session stands in a scalar sub-select: the planner then asks it once a query, not once a row, and can use indexes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from psycopg import sql

from gongxin.walls.roles import Names
from gongxin.walls.table import MAY, Seen, Through, Wall

# Who does the node's own work; see `acting`.
NODE: Final = "node"
# PostgreSQL asks the policies of a table one after the other, the last by name first: what is shown to everybody is
# asked first, so that public reads go no further.
OWN, OPEN, SEEN, ADD, AUDIT = "gongxin_mine", "gongxin_open", "gongxin_seen", "gongxin_add", "gongxin_audit"

# What `acting` told the session, as a list. In PL/pgSQL: SQL would be written into each plan and made ready with each
# execution, also where nobody gets so far as to ask. An auditor's own login is known by its role.
FUNCTIONS: Final = r"""
CREATE OR REPLACE FUNCTION gongxin_told(name text) RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN
    RETURN coalesce(nullif(current_setting('gongxin.' || name, true), ''), '{}')::text[];
END $$;
CREATE OR REPLACE FUNCTION gongxin_organisations() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(id), '{}') FROM subjects_organisation WHERE uscc = ANY (gongxin_told('codes'))
$$;
CREATE OR REPLACE FUNCTION gongxin_account() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT id FROM identity_user WHERE username = ANY (gongxin_told('name'))
$$;
-- Departments and organisations of the asker in one list, with an id that nobody has for a role that sees everything.
CREATE OR REPLACE FUNCTION gongxin_mine(seeing text[]) RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN
    RETURN gongxin_told('departments')::uuid[]
        || CASE WHEN gongxin_told('codes') <> '{}' THEN gongxin_organisations() END
        || CASE WHEN gongxin_told('roles') && seeing THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid END;
END $$;
-- The ids alone of looks at lists that show an organisation: no policy lets the index on `others` be used. What the
-- looks say is asked for by these ids, and the policy stands before that.
CREATE OR REPLACE FUNCTION gongxin_looks_listing(about uuid) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 20
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM enquiries_look WHERE others <> '{}' AND others @> ARRAY[about]
$$;
ALTER FUNCTION ledger_append(bytea) SECURITY DEFINER SET search_path = public, pg_temp;
"""
# The doors of signing in, which happens before anybody is known: each gives one row for the key it is asked with. A
# session is found by the digest of its key alone; nobody lists any. Who calls them: secrecy.session_store and
# identity.doors.
DOORS: Final = r"""
CREATE OR REPLACE FUNCTION gongxin_sessions(keys text[], at timestamptz) RETURNS SETOF django_session
    LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
    RETURN QUERY SELECT * FROM django_session WHERE session_key = ANY (keys) AND expire_date > at;
END $$;
CREATE OR REPLACE FUNCTION gongxin_session_keep(key text, data text, until timestamptz, new boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
    IF new THEN
        INSERT INTO django_session (session_key, session_data, expire_date) VALUES (key, data, until)
            ON CONFLICT DO NOTHING;
    ELSE
        UPDATE django_session SET session_data = data, expire_date = until WHERE session_key = key;
    END IF;
    RETURN FOUND;
END $$;
CREATE OR REPLACE FUNCTION gongxin_sessions_end(keys text[]) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM django_session WHERE session_key = ANY (keys)
$$;
CREATE OR REPLACE FUNCTION gongxin_sessions_over(at timestamptz) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM django_session WHERE expire_date < at
$$;
CREATE OR REPLACE FUNCTION gongxin_account_with_id(wanted bigint) RETURNS SETOF identity_user
    LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
    RETURN QUERY SELECT * FROM identity_user WHERE id = wanted;
END $$;
CREATE OR REPLACE FUNCTION gongxin_account_named(wanted text) RETURNS SETOF identity_user
    LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
    RETURN QUERY SELECT * FROM identity_user WHERE username = wanted;
END $$;
CREATE OR REPLACE FUNCTION gongxin_account_bound(uids text[]) RETURNS SETOF identity_user
    LANGUAGE sql STABLE ROWS 1 SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT u.* FROM identity_user u JOIN socialaccount_socialaccount s ON s.user_id = u.id WHERE s.uid = ANY (uids)
$$;
CREATE OR REPLACE FUNCTION gongxin_codes_of(wanted bigint) RETURNS SETOF text
    LANGUAGE plpgsql STABLE ROWS 2 SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
    RETURN QUERY SELECT uscc::text FROM identity_representation WHERE user_id = wanted AND ended_at IS NULL;
END $$;
CREATE OR REPLACE FUNCTION gongxin_stands_in(wanted bigint, day date)
    RETURNS TABLE (absent text, role text, department uuid, starts_on date, ends_on date)
    LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = public, pg_temp AS $$ BEGIN
    RETURN QUERY SELECT u.username::text, s.role::text, s.department_id, s.starts_on, s.ends_on
        FROM identity_substitution s JOIN identity_user u ON u.id = s.absent_id
        JOIN identity_department d ON d.id = s.department_id
        WHERE s.substitute_id = wanted AND s.ended_at IS NULL AND s.starts_on <= day AND s.ends_on >= day AND d.active
        ORDER BY s.starts_on DESC, s.id DESC;
END $$;
"""
# Functions that work with the owner's rights, and whether the loader needs them beside the application; nobody else
# may call them.
DEFINED: Final = {
    "ledger_append(bytea)": True,
    "gongxin_looks_listing(uuid)": False,
    "gongxin_sessions(text[],timestamp with time zone)": False,
    "gongxin_session_keep(text,text,timestamp with time zone,boolean)": False,
    "gongxin_sessions_end(text[])": False,
    "gongxin_sessions_over(timestamp with time zone)": False,
    "gongxin_account_with_id(bigint)": False,
    "gongxin_account_named(text)": False,
    "gongxin_account_bound(text[])": False,
    "gongxin_codes_of(bigint)": False,
    "gongxin_stands_in(bigint,date)": False,
    "gongxin_file_lent(text)": False,
    "gongxin_file_contested(uuid)": False,
    "ends_destroy(uuid)": False,
    "ends_destroy_told(uuid)": False,
    "gongxin_end_entries(uuid[])": False,
    "gongxin_end_file(uuid)": False,
}

# The day in China: the same predicate as records.selectors.published_on, for the day of the server's clock.
_TODAY: Final = "(SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date)"
_SHOWN: Final = {
    "published": f"(state = 'active' AND disclosure = 'public' AND publicity_from <= {_TODAY}"
    f" AND (publicity_until IS NULL OR publicity_until >= {_TODAY}))",
    # Asked row by row, as few rows get so far: what each sub-select costs is paid by every look-up.
    "opened": "(state = 'active' AND disclosure <> 'public' AND disclosure = ANY (gongxin_told('opened')))",
}
_WAYS: Final = {
    "department": "{column} = ANY ((SELECT gongxin_told('departments')::uuid[])::uuid[])",
    # The register is looked into only where somebody represents an organisation.
    "organisation": "{column} = ANY ((SELECT CASE WHEN gongxin_told('codes') <> '{{}}' THEN gongxin_organisations()"
    " ELSE '{{}}' END)::uuid[])",
    "organisations": "{column} && (SELECT gongxin_organisations())",
    "code": "{column} = ANY ((SELECT gongxin_told('codes'))::text[])",
    "account": "{column} = (SELECT gongxin_account())",
    "name": "{column} = ANY ((SELECT gongxin_told('name'))::text[])",
    "digest": "{column} = ANY ((SELECT gongxin_told('digest'))::text[])",
}


# Among the ids of every row, and of those alone whose role sees everything.
_EVERYTHING: Final = "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"


def own(wall: Wall, walls: Mapping[str, Wall], prefix: str = "") -> str:
    """The condition by which a row is the asker's. prefix: the table's name in the statement, with its dot.

    Of a table that is read without an asker most of the time it is one comparison, made ready at the least cost.
    """
    roles = ",".join((NODE, *wall.roles))
    if wall.shown:
        columns = ", ".join(f"{prefix}{column}" for _way, column in wall.ways)
        return f"ARRAY[{columns}, {_EVERYTHING}] && (SELECT gongxin_mine('{{{roles}}}'))"
    conditions = [f"(SELECT gongxin_told('roles') && '{{{roles}}}'::text[])"]
    conditions += [_WAYS[way].format(column=f"{prefix}{column}") for way, column in wall.ways]
    conditions += [_through(wall, through, walls) for through in wall.through]
    return " OR ".join(conditions)


def _seen(seen: Seen) -> str:
    conditions = [_WAYS[way].format(column=column) for way, column in seen.ways]
    if seen.roles:
        conditions.append(f"(SELECT gongxin_told('roles') && '{{{','.join(seen.roles)}}}'::text[])")
    return " OR ".join(conditions)


def _through(wall: Wall, through: Through, walls: Mapping[str, Wall]) -> str:
    """The row pointed to is the asker's: that it is merely shown to everybody does not count."""
    up = walls[through.table]
    # The policies of `up` itself stand before the sub-select already; they are enough where they show nothing more.
    further = f" AND ({own(up, walls, f'{up.table}.')})" if up.shown else ""
    return f"EXISTS (SELECT FROM {up.table} WHERE {up.table}.id = {wall.table}.{through.column}{further})"


def policies(wall: Wall, walls: Mapping[str, Wall], *, copies: bool) -> list[str]:
    """The statements that put up one wall where none stands.

    copies: the loader passes policies, so that COPY works behind them.
    """
    table = wall.table
    if wall.everybody or (wall.copied and not copies):
        return [f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"]
    if wall.nobody:
        return [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"]
    condition = own(wall, walls)
    up = [f"CREATE POLICY {OWN} ON {table} USING ({condition}) WITH CHECK ({condition})"]
    if wall.shown:
        shown = " OR ".join(_SHOWN[word] for word in wall.shown)
        up.append(f"CREATE POLICY {OPEN} ON {table} FOR SELECT USING ({shown})")
    if wall.seen:
        up.append(f"CREATE POLICY {SEEN} ON {table} FOR SELECT USING ({_seen(wall.seen)})")
    if wall.anybody_adds:
        up.append(f"CREATE POLICY {ADD} ON {table} FOR INSERT WITH CHECK (true)")
    if wall.auditor:
        up.append(f"CREATE POLICY {AUDIT} ON {table} FOR SELECT USING ((SELECT right(current_user, 8) = '_auditor'))")
    return [*up, f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"]


def grants(walls: Iterable[Wall], names: Names, *, present: frozenset[str]) -> list[sql.Composed]:
    """The statements that take every right from the roles and give what the table of walls says.

    names: roles as they are called here; present: those of them that the server has.
    """
    app, loader, auditor = names.app, names.loader, names.auditor
    everybody = [role for role in (app, loader, auditor) if role in present]
    made = [_granted("REVOKE ALL ON ALL {} IN SCHEMA public FROM PUBLIC", what) for what in ("TABLES", "SEQUENCES")]
    for role in everybody:
        made += [_to("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}", role)]
        made += [_to("GRANT USAGE ON SCHEMA public TO {}", role)]
    made += [_granted("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC", function) for function in DEFINED]
    for role in (app, loader):
        if role in present:
            made += [_to("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}", role)]
            called = [function for function, loads in DEFINED.items() if loads or role == app]
            made += [_to(f"GRANT EXECUTE ON FUNCTION {function} TO {{}}", role) for function in called]
    for wall in walls:
        made += [
            _on(MAY[word], wall.table, role)
            for role, word in ((app, wall.app), (loader, wall.loader))
            if role in present and MAY[word]
        ]
        if auditor in present and wall.auditor:
            columns = "" if wall.auditor == ("*",) else f" ({', '.join(wall.auditor)})"
            made.append(_on(f"SELECT{columns}", wall.table, auditor))
    return made


def _granted(text: str, what: str) -> sql.Composed:
    return sql.SQL(text).format(sql.SQL(what))


def _to(text: str, role: str) -> sql.Composed:
    return sql.SQL(text).format(sql.Identifier(role))


def _on(rights: str, table: str, role: str) -> sql.Composed:
    return sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), sql.Identifier(table), sql.Identifier(role))
