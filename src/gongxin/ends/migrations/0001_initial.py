import gongxin.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Destruction',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('rule', models.CharField(max_length=80)),
                ('what', models.CharField(max_length=20)),
                ('destroys', models.JSONField()),
                ('basis', models.CharField(max_length=300)),
                ('pack_version', models.CharField(max_length=40)),
                ('reason', models.CharField(max_length=500)),
                ('day', models.DateField()),
                ('count', models.BigIntegerField(null=True)),
                ('root', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('proposed', '待复核'), ('done', '已销毁'), ('rejected', '未予同意')], default='proposed', max_length=12)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_reason', models.CharField(blank=True, max_length=500)),
                ('leaf', models.BigIntegerField(null=True)),
            ],
            options={
                'ordering': ('-proposed_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Overstay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('exit', models.CharField(max_length=40)),
                ('record_id', models.UUIDField()),
                ('item', models.CharField(blank=True, max_length=48)),
                ('reason', models.CharField(max_length=20)),
                ('until', models.DateField(null=True)),
            ],
            options={
                'ordering': ('run', 'exit', 'record_id'),
            },
        ),
        migrations.CreateModel(
            name='ProofRun',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('by', models.CharField(max_length=150)),
                ('pack_version', models.CharField(max_length=40)),
                ('swept', models.BigIntegerField(default=0)),
                ('suspects', models.BigIntegerField(default=0)),
                ('overstaying', models.BigIntegerField(null=True)),
                ('exits', models.JSONField(default=list)),
                ('leaf', models.BigIntegerField(null=True)),
            ],
            options={
                'ordering': ('-started_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.UUIDField()),
                ('item', models.CharField(max_length=48)),
                ('ended_on', models.DateField()),
                ('destroyed_on', models.DateField(null=True)),
            ],
            options={
                'ordering': ('destruction', 'subject'),
            },
        ),
    ]
