import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
import gongxin.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Department',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=32, unique=True)),
                ('name', models.CharField(max_length=200, unique=True)),
                ('uscc', models.CharField(blank=True, max_length=18)),
                ('items', models.JSONField(default=list)),
                ('purposes', models.JSONField(default=list)),
                ('active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ('code',),
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('label', models.CharField(max_length=100)),
                ('prefix', models.CharField(max_length=12)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('issued_by', models.CharField(blank=True, max_length=120)),
                ('expires_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('revoked_by', models.CharField(blank=True, max_length=120)),
                ('operations', models.JSONField(default=list)),
                ('purposes', models.JSONField(default=list)),
                ('last_used_on', models.DateField(null=True)),
                ('replaces', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='identity.apikey')),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='identity.department')),
            ],
            options={
                'ordering': ('-created_at',),
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('role', models.CharField(choices=[('data_officer', '信用信息报送员'), ('case_officer', '信用信息承办员'), ('credit_office', '信用办工作人员'), ('auditor', '审计管理员'), ('system_admin', '系统管理员'), ('security_admin', '安全管理员'), ('representative', '信用主体代表'), ('person', '自然人')], default='data_officer', max_length=32)),
                ('suspended_at', models.DateTimeField(blank=True, null=True)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ('department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='users', to='identity.department')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('account', '建立账号'), ('role', '变更角色和单位'), ('restore', '恢复账号'), ('password', '重置密码'), ('factors', '移除双重验证')], max_length=12)),
                ('username', models.CharField(max_length=150)),
                ('full_name', models.CharField(blank=True, max_length=150)),
                ('role', models.CharField(blank=True, choices=[('data_officer', '信用信息报送员'), ('case_officer', '信用信息承办员'), ('credit_office', '信用办工作人员'), ('auditor', '审计管理员'), ('system_admin', '系统管理员'), ('security_admin', '安全管理员'), ('representative', '信用主体代表'), ('person', '自然人')], max_length=32)),
                ('old_role', models.CharField(blank=True, choices=[('data_officer', '信用信息报送员'), ('case_officer', '信用信息承办员'), ('credit_office', '信用办工作人员'), ('auditor', '审计管理员'), ('system_admin', '系统管理员'), ('security_admin', '安全管理员'), ('representative', '信用主体代表'), ('person', '自然人')], max_length=32)),
                ('reason', models.CharField(max_length=500)),
                ('proposed_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('proposed', '待批准'), ('done', '已批准'), ('rejected', '未予批准'), ('withdrawn', '已撤回'), ('expired', '已过期')], default='proposed', max_length=12)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_reason', models.CharField(blank=True, max_length=500)),
                ('code_stamp', models.BigIntegerField(null=True)),
                ('code_digest', models.CharField(blank=True, max_length=64)),
                ('half_taken_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('department', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.department')),
                ('half_taken_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('old_department', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.department')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-proposed_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Representation',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('uscc', models.CharField(db_index=True, max_length=18)),
                ('ground', models.CharField(max_length=200)),
                ('bound_by', models.CharField(max_length=150)),
                ('bound_at', models.DateTimeField()),
                ('ended_by', models.CharField(blank=True, max_length=150)),
                ('ended_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='representations', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-bound_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Substitution',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('data_officer', '信用信息报送员'), ('case_officer', '信用信息承办员'), ('credit_office', '信用办工作人员'), ('auditor', '审计管理员'), ('system_admin', '系统管理员'), ('security_admin', '安全管理员'), ('representative', '信用主体代表'), ('person', '自然人')], max_length=32)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('appointed_by', models.CharField(max_length=150)),
                ('appointed_at', models.DateTimeField()),
                ('ended_by', models.CharField(blank=True, max_length=150)),
                ('ended_at', models.DateTimeField(null=True)),
                ('absent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='absences', to=settings.AUTH_USER_MODEL)),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.department')),
                ('substitute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='substitutions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-starts_on', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=24, unique=True)),
                ('uscc', models.CharField(db_index=True, max_length=18)),
                ('borrower', models.CharField(blank=True, max_length=18)),
                ('code_digest', models.CharField(blank=True, max_length=64)),
                ('items', models.JSONField()),
                ('purpose', models.CharField(max_length=40)),
                ('lent_by', models.CharField(max_length=150)),
                ('lent_at', models.DateTimeField()),
                ('ends_on', models.DateField()),
                ('ended_by', models.CharField(blank=True, max_length=150)),
                ('ended_at', models.DateTimeField(null=True)),
                ('department', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='identity.department')),
            ],
            options={
                'ordering': ('-lent_at', '-id'),
                'indexes': [models.Index(fields=['uscc', 'department', 'purpose'], name='consent_to_department'), models.Index(condition=models.Q(('borrower', ''), _negated=True), fields=['borrower'], name='consent_to_borrower')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('borrower', ''), ('code_digest', ''), ('department__isnull', False)), models.Q(('borrower__regex', '^[0-9A-HJ-NPQRTUWXY]{18}$'), ('code_digest', ''), ('department__isnull', True)), models.Q(('borrower', ''), ('code_digest__regex', '^[0-9a-f]{64}$'), ('department__isnull', True)), _connector='OR'), name='consent_to_one'), models.CheckConstraint(condition=models.Q(('uscc__regex', '^[0-9A-HJ-NPQRTUWXY]{18}$')), name='consent_of_organisation'), models.CheckConstraint(condition=models.Q(('borrower', models.F('uscc')), _negated=True), name='consent_to_another'), models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ended_at__gte', models.F('lent_at')), _connector='OR'), name='consent_ends_later'), models.UniqueConstraint(condition=models.Q(('code_digest', ''), _negated=True), fields=('code_digest',), name='consent_code_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['data_officer', 'case_officer', 'credit_office', 'auditor', 'system_admin', 'security_admin', 'representative', 'person'])), name='account_role_known'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['auditor', 'case_officer', 'credit_office', 'data_officer', 'security_admin', 'system_admin']), ('department__isnull', True), _connector='OR'), name='account_outside_no_department'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('is_staff', False), ('is_superuser', False)), name='account_no_superuser'),
        ),
        migrations.AddIndex(
            model_name='proposal',
            index=models.Index(fields=['account'], name='proposal_by_account'),
        ),
        migrations.AddIndex(
            model_name='proposal',
            index=models.Index(condition=models.Q(('state', 'proposed')), fields=['expires_at'], name='proposal_waiting'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('username', 'kind'), name='proposal_open_once'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['done', 'rejected']), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='proposal_by_two'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(('half_taken_by__isnull', True), models.Q(('state', 'done'), models.Q(('half_taken_by', models.F('decided_by')), _negated=True)), _connector='OR'), name='proposal_halves_to_two'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(('account__isnull', False), ('kind', 'account'), _connector='OR'), name='proposal_about_account'),
        ),
        migrations.AddConstraint(
            model_name='representation',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('user', 'uscc'), name='representation_once'),
        ),
        migrations.AddConstraint(
            model_name='representation',
            constraint=models.CheckConstraint(condition=models.Q(('uscc__regex', '^[0-9A-HJ-NPQRTUWXY]{18}$')), name='representation_code_shape'),
        ),
        migrations.AddConstraint(
            model_name='representation',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ended_at__gte', models.F('bound_at')), _connector='OR'), name='representation_ends_later'),
        ),
        migrations.AddConstraint(
            model_name='substitution',
            constraint=models.CheckConstraint(condition=models.Q(('absent', models.F('substitute')), _negated=True), name='substitution_of_another'),
        ),
        migrations.AddConstraint(
            model_name='substitution',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='substitution_ends_later'),
        ),
        migrations.AddConstraint(
            model_name='substitution',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['auditor', 'case_officer', 'credit_office', 'data_officer', 'security_admin', 'system_admin'])), name='substitution_of_staff'),
        ),
    ]
