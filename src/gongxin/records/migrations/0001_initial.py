import django.db.models.deletion
import gongxin.ids
import gongxin.records.models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('identity', '0001_initial'),
        ('subjects', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='PackApplied',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('version', models.CharField(max_length=32)),
                ('applied_at', models.DateTimeField()),
                ('records', models.BigIntegerField()),
                ('changed', models.BigIntegerField()),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='Record',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('item', models.CharField(db_collation='C')),
                ('item_version', models.SmallIntegerField()),
                ('submission_id', models.UUIDField()),
                ('key_hash', models.UUIDField()),
                ('content_hash', models.UUIDField()),
                ('document_no', models.CharField(blank=True, db_collation='C')),
                ('title', models.CharField(blank=True)),
                ('decided_on', models.DateField()),
                ('effective_until', models.DateField(null=True)),
                ('acted_until', models.DateField(null=True)),
                ('severity', models.CharField(blank=True)),
                ('procedure', models.CharField(blank=True)),
                ('publicity_from', models.DateField(null=True)),
                ('publicity_until', models.DateField(null=True)),
                ('publicity_rule', models.CharField(blank=True)),
                ('disclosure', models.CharField(choices=[('public', '社会公开'), ('authorised', '授权查询'), ('shared', '政务共享')])),
                ('state', models.CharField(choices=[('active', '有效'), ('closed', '已归档'), ('repaired', '已修复'), ('revoked', '已撤销'), ('removed', '已移出名单'), ('shielded', '暂时屏蔽')], default='active')),
                ('payload', gongxin.records.models.PayloadField()),
                ('revision', models.IntegerField(default=1)),
                ('recorded_at', models.DateTimeField()),
                ('organisation', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='records', to='subjects.organisation')),
                ('provider', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='records', to='identity.department')),
            ],
        ),
        migrations.CreateModel(
            name='Contested',
            fields=[
                ('case_id', models.UUIDField(primary_key=True, serialize=False)),
                ('since', models.DateTimeField()),
                ('record', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contested_by', to='records.record')),
            ],
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('item_version', models.SmallIntegerField()),
                ('payload', gongxin.records.models.PayloadField()),
                ('content_hash', models.UUIDField()),
                ('submission_id', models.UUIDField()),
                ('recorded_at', models.DateTimeField()),
                ('replaced_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=40)),
                ('record', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='records.record')),
            ],
            options={
                'ordering': ('record', 'number'),
            },
        ),
        migrations.AddIndex(
            model_name='record',
            index=models.Index(fields=['item', 'decided_on'], name='record_item_decided'),
        ),
        migrations.AddConstraint(
            model_name='record',
            constraint=models.UniqueConstraint(fields=('key_hash',), name='record_natural_key'),
        ),
        migrations.AddConstraint(
            model_name='revision',
            constraint=models.UniqueConstraint(fields=('record', 'number'), name='revision_once'),
        ),
    ]
