import django.db.models.deletion
import gongxin.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('identity', '0001_initial'),
        ('records', '0001_initial'),
        ('subjects', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=40, unique=True)),
                ('procedure', models.CharField(max_length=40)),
                ('channel', models.CharField(choices=[('account', '网上'), ('paper', '书面'), ('desk', '工作台')], max_length=12)),
                ('paper', models.CharField(blank=True, max_length=80)),
                ('ground', models.CharField(blank=True, max_length=40)),
                ('opened_at', models.DateTimeField()),
                ('filed_on', models.DateField()),
                ('state', models.CharField(max_length=40)),
                ('state_since', models.DateTimeField()),
                ('clock', models.CharField(blank=True, max_length=40)),
                ('due_on', models.DateField(null=True)),
                ('warn_on', models.DateField(null=True)),
                ('due_provisional', models.BooleanField(default=False)),
                ('outcome', models.CharField(blank=True, max_length=12)),
                ('closed_at', models.DateTimeField(null=True)),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='identity.department')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='subjects.organisation')),
                ('record', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='records.record')),
            ],
            options={
                'ordering': ('-opened_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='CaseRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.IntegerField()),
                ('change', models.CharField(choices=[('shielded', '暂时屏蔽'), ('settled', '修复'), ('restored', '恢复'), ('entered', '记入')], max_length=12)),
                ('at', models.DateTimeField()),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='taken', to='rights.case')),
                ('record', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='taken_by', to='records.record')),
            ],
            options={
                'ordering': ('step', 'id'),
            },
        ),
        migrations.CreateModel(
            name='CaseStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('action', models.CharField(max_length=40)),
                ('since', models.CharField(blank=True, max_length=40)),
                ('to', models.CharField(max_length=40)),
                ('rule', models.CharField(blank=True, max_length=80)),
                ('role', models.CharField(blank=True, max_length=20)),
                ('at', models.DateTimeField()),
                ('reasons', models.TextField(blank=True)),
                ('correction', models.JSONField(default=dict)),
                ('occurred_on', models.DateField(null=True)),
                ('within', models.DateField(null=True)),
                ('due_on', models.DateField(null=True)),
                ('choice', models.TextField(blank=True)),
                ('pack_version', models.CharField(max_length=32)),
                ('absent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='rights.case')),
            ],
            options={
                'ordering': ('case', 'number'),
            },
        ),
        migrations.CreateModel(
            name='Course',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=200)),
                ('content', models.TextField(blank=True)),
                ('opened_at', models.DateTimeField()),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='courses', to='identity.department')),
            ],
            options={
                'ordering': ('-opened_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Certificate',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=40, unique=True)),
                ('hours', models.SmallIntegerField()),
                ('asked', models.SmallIntegerField()),
                ('issued_at', models.DateTimeField()),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='subjects.organisation')),
                ('course', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='rights.course')),
            ],
            options={
                'ordering': ('-issued_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('procedure', models.CharField(max_length=40)),
                ('action', models.CharField(max_length=40)),
                ('filled', models.JSONField(default=dict)),
                ('saved_at', models.DateTimeField()),
                ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.case')),
                ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='subjects.organisation')),
                ('record', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.record')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('step', models.IntegerField(default=0)),
                ('paper', models.CharField(choices=[('duties', '履行义务的证明'), ('commitment', '信用承诺书'), ('training', '信用修复培训的证明'), ('other', '其他证明材料')], default='other', max_length=12)),
                ('filename', models.CharField(max_length=200)),
                ('media_type', models.CharField(max_length=80)),
                ('size', models.BigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('uploaded_at', models.DateTimeField()),
                ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='rights.case')),
                ('draft', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='evidence', to='rights.draft')),
            ],
            options={
                'ordering': ('uploaded_at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('step', models.IntegerField()),
                ('addressee', models.CharField(max_length=20)),
                ('zh', models.TextField()),
                ('en', models.TextField()),
                ('at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='rights.case')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Outbox',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('topic', models.CharField(max_length=40)),
                ('body', models.JSONField()),
                ('at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outbox', to='rights.case')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('starts_at', models.DateTimeField()),
                ('place', models.CharField(max_length=200)),
                ('hours', models.SmallIntegerField()),
                ('seats', models.IntegerField()),
                ('course', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='rights.course')),
            ],
            options={
                'ordering': ('starts_at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Registration',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('people', models.SmallIntegerField()),
                ('position', models.CharField(choices=[('head', '主要负责人'), ('compliance', '合规或者信用管理岗位'), ('other', '其他岗位')], max_length=12)),
                ('paper', models.CharField(blank=True, max_length=80)),
                ('registered_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('hours', models.SmallIntegerField(null=True)),
                ('recorded_at', models.DateTimeField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trainings', to='subjects.organisation')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='registrations', to='rights.session')),
            ],
            options={
                'ordering': ('registered_at', 'id'),
            },
        ),
        migrations.AddField(
            model_name='draft',
            name='session',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.session'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('outcome', '')), fields=['due_on'], name='case_open_due'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', '')), fields=('procedure', 'record'), name='case_open_once'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', ''), ('record__isnull', True)), fields=('procedure', 'organisation', 'department'), name='case_of_organisation_open_once'),
        ),
        migrations.AddConstraint(
            model_name='caserecord',
            constraint=models.UniqueConstraint(fields=('case', 'record', 'change'), name='case_record_once'),
        ),
        migrations.AddConstraint(
            model_name='casestep',
            constraint=models.UniqueConstraint(fields=('case', 'number'), name='case_step_once'),
        ),
        migrations.AddConstraint(
            model_name='certificate',
            constraint=models.UniqueConstraint(fields=('course', 'organisation'), name='certificate_once'),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('case__isnull', False), ('draft__isnull', True)), models.Q(('case__isnull', True), ('draft__isnull', False)), _connector='OR'), name='evidence_of_one'),
        ),
        migrations.AddConstraint(
            model_name='registration',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('session', 'organisation'), name='registration_once'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.UniqueConstraint(fields=('user', 'procedure', 'action', 'record', 'organisation', 'case', 'session'), name='draft_of_one_form', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('case__isnull', True), ('organisation__isnull', True), ('record__isnull', False), ('session__isnull', True)), models.Q(('case__isnull', True), ('organisation__isnull', False), ('record__isnull', True), ('session__isnull', True)), models.Q(('case__isnull', False), ('organisation__isnull', True), ('record__isnull', True), ('session__isnull', True)), models.Q(('case__isnull', True), ('organisation__isnull', True), ('record__isnull', True), ('session__isnull', False)), _connector='OR'), name='draft_about_one'),
        ),
    ]
