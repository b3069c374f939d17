import django.contrib.postgres.fields
import gongxin.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('check', '信用核查'), ('record', '信用记录'), ('records', '信用记录列表'), ('submission', '报送批次'), ('file', '报送文件'), ('report', '信用报告'), ('account', '账号'), ('log', '查询留痕'), ('case', '办件'), ('archive', '归档信息')], default='check', max_length=16)),
                ('channel', models.CharField(choices=[('api', '接口'), ('batch', '批量接口'), ('desk', '工作台'), ('mine', '信用主体页面'), ('code', '授权码')], default='api', max_length=8)),
                ('asked_by', models.CharField(max_length=150)),
                ('role', models.CharField(blank=True, max_length=32)),
                ('asked_at', models.DateTimeField()),
                ('asked_for', models.CharField(max_length=200)),
                ('organisation_id', models.UUIDField(null=True)),
                ('others', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('matched_by', models.CharField(blank=True, max_length=16)),
                ('purpose', models.CharField(max_length=40)),
                ('basis', models.CharField(blank=True, max_length=200)),
                ('matter', models.CharField(blank=True, max_length=120)),
                ('consent', models.TextField(blank=True, db_default='', default='')),
                ('rule', models.CharField(blank=True, max_length=80)),
                ('outcome', models.CharField(choices=[('found', '有可披露记录'), ('no_records', '主体在册，无可披露记录'), ('not_found', '未查到该主体'), ('ambiguous', '名称对应多个主体'), ('shown', '已提供'), ('refused', '不予查询')], max_length=16)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('record_count', models.IntegerField(default=0)),
                ('disclosed', models.JSONField(default=list)),
                ('batch_id', models.UUIDField(null=True)),
                ('pack_version', models.CharField(max_length=40)),
                ('data_version', models.TextField()),
            ],
            options={
                'ordering': ('-asked_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='LookLeaf',
            fields=[
                ('subject', models.UUIDField(primary_key=True, serialize=False)),
                ('last', models.UUIDField(null=True)),
                ('seq', models.BigIntegerField()),
                ('event', models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('number', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('organisation_id', models.UUIDField(db_index=True)),
                ('version', models.CharField(choices=[('public', '公开版'), ('full', '完整版')], max_length=8)),
                ('issued_at', models.DateTimeField()),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('shown', models.JSONField()),
                ('basics', models.CharField(max_length=64)),
                ('pack_version', models.CharField(max_length=40)),
                ('leaf', models.BigIntegerField()),
            ],
        ),
    ]
