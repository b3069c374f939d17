"""Roles that exclude one another across tables: kept by the database."""

from django.db import migrations

# What a CHECK cannot say, because it spans two tables. The rule itself is `identity.roles.exclude`; the text stands
# here once more so that it holds whatever writes to the database. FOR SHARE makes a change of role wait.
_TRIGGERS = """
CREATE FUNCTION identity_roles_exclude(one text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT one <> other AND NOT (one = ANY (ARRAY['data_officer', 'case_officer', 'credit_office'])
                               AND other = ANY (ARRAY['data_officer', 'case_officer', 'credit_office']))
$$;
CREATE FUNCTION identity_substitution_judge() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE own text;
BEGIN
  SELECT role INTO own FROM identity_user WHERE id = NEW.substitute_id FOR SHARE;
  IF NEW.ended_at IS NULL AND identity_roles_exclude(own, NEW.role) THEN
    RAISE EXCEPTION 'the role % excludes the role % of the substitute', NEW.role, own
      USING ERRCODE = 'check_violation', CONSTRAINT = 'substitution_roles_exclude';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION identity_representation_judge() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE own text;
BEGIN
  SELECT role INTO own FROM identity_user WHERE id = NEW.user_id FOR SHARE;
  IF NEW.ended_at IS NULL AND own <> 'representative' THEN
    RAISE EXCEPTION 'an account with the role % represents no organisation', own
      USING ERRCODE = 'check_violation', CONSTRAINT = 'representation_by_representative';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION identity_role_judge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM identity_substitution s WHERE s.substitute_id = NEW.id AND s.ended_at IS NULL
               AND identity_roles_exclude(NEW.role, s.role)) THEN
    RAISE EXCEPTION 'the role % excludes a role the account stands in for', NEW.role
      USING ERRCODE = 'check_violation', CONSTRAINT = 'substitution_roles_exclude';
  END IF;
  IF NEW.role <> 'representative'
     AND EXISTS (SELECT FROM identity_representation r WHERE r.user_id = NEW.id AND r.ended_at IS NULL) THEN
    RAISE EXCEPTION 'an account with the role % represents no organisation', NEW.role
      USING ERRCODE = 'check_violation', CONSTRAINT = 'representation_by_representative';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER identity_substitution_judge BEFORE INSERT OR UPDATE ON identity_substitution
  FOR EACH ROW EXECUTE FUNCTION identity_substitution_judge();
CREATE TRIGGER identity_representation_judge BEFORE INSERT OR UPDATE ON identity_representation
  FOR EACH ROW EXECUTE FUNCTION identity_representation_judge();
CREATE TRIGGER identity_role_judge BEFORE UPDATE OF role ON identity_user
  FOR EACH ROW WHEN (OLD.role IS DISTINCT FROM NEW.role) EXECUTE FUNCTION identity_role_judge();
"""

_WITHOUT_TRIGGERS = """
DROP TRIGGER identity_role_judge ON identity_user;
DROP TRIGGER identity_representation_judge ON identity_representation;
DROP TRIGGER identity_substitution_judge ON identity_substitution;
DROP FUNCTION identity_role_judge();
DROP FUNCTION identity_representation_judge();
DROP FUNCTION identity_substitution_judge();
DROP FUNCTION identity_roles_exclude(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]

    operations = [migrations.RunSQL(_TRIGGERS, _WITHOUT_TRIGGERS)]
