import django.db.models.deletion
import gongxin.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('identity', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('submission_id', models.UUIDField(db_index=True)),
                ('server_start', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('item', models.CharField(max_length=48)),
                ('channel', models.CharField(choices=[('cli', '命令行'), ('desk', '工作台上传'), ('form', '单条录入'), ('rows', '页面改正'), ('api', '接口')], max_length=8)),
                ('filename', models.CharField(max_length=255)),
                ('file_sha256', models.CharField(max_length=64)),
                ('file_bytes', models.BigIntegerField()),
                ('received_at', models.DateTimeField()),
                ('completed_at', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('received', '已接收，待处理'), ('processing', '处理中'), ('completed', '已完成'), ('refused', '整批退回')], default='received', max_length=12)),
                ('stage', models.CharField(blank=True, max_length=40)),
                ('rows_done', models.BigIntegerField(default=0)),
                ('rows_total', models.BigIntegerField(null=True)),
                ('rows_in', models.BigIntegerField(default=0)),
                ('accepted', models.BigIntegerField(default=0)),
                ('revised', models.BigIntegerField(default=0)),
                ('unchanged', models.BigIntegerField(default=0)),
                ('rejected', models.BigIntegerField(default=0)),
                ('received', models.BigIntegerField(default=0)),
                ('rejections_by_code', models.JSONField(default=dict)),
                ('warnings_by_code', models.JSONField(default=dict)),
                ('generation', models.CharField(blank=True, max_length=20)),
                ('columns', models.JSONField(default=list)),
                ('ignored_columns', models.JSONField(default=list)),
                ('fault_code', models.CharField(blank=True, max_length=8)),
                ('fault_facts', models.JSONField(default=dict)),
                ('interruptions', models.PositiveSmallIntegerField(default=0)),
                ('rules', models.CharField(blank=True, max_length=64)),
                ('leaf', models.BigIntegerField(null=True)),
                ('corrects', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='intake.submission')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='identity.department')),
                ('submitted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-received_at',),
            },
        ),
        migrations.CreateModel(
            name='RejectedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_number', models.BigIntegerField()),
                ('cells', models.JSONField(null=True)),
                ('corrected_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='intake.submission')),
                ('submission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rejected_rows', to='intake.submission')),
            ],
            options={
                'ordering': ('submission', 'row_number'),
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_number', models.BigIntegerField()),
                ('field', models.CharField(blank=True, max_length=40)),
                ('code', models.CharField(max_length=8)),
                ('value', models.CharField(blank=True, max_length=200)),
                ('expected', models.CharField(blank=True, max_length=300)),
                ('submission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='intake.submission')),
            ],
            options={
                'ordering': ('submission', 'row_number', 'id'),
            },
        ),
        migrations.AddIndex(
            model_name='submission',
            index=models.Index(fields=['provider', '-received_at'], name='submission_by_provider'),
        ),
        migrations.AddConstraint(
            model_name='rejectedrow',
            constraint=models.UniqueConstraint(fields=('submission', 'row_number'), name='rejected_row_once'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(fields=['submission', 'code', 'row_number'], name='finding_by_code'),
        ),
        # What a crashed server empties was left by an outage (docs/adr/0005).
        migrations.RunSQL("ALTER TABLE intake_attempt SET UNLOGGED", "ALTER TABLE intake_attempt SET LOGGED"),
    ]
