import django.contrib.postgres.fields
import gongxin.secrecy.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Concerned',
            fields=[
                ('pk', models.CompositePrimaryKey('account', 'leaf', blank=True, editable=False, primary_key=True, serialize=False)),
                ('account', models.BigIntegerField()),
                ('leaf', models.BigIntegerField(db_index=True)),
            ],
            options={
                'db_table': 'ledger_concerned',
            },
        ),
        migrations.CreateModel(
            name='Leaf',
            fields=[
                ('seq', models.BigIntegerField(primary_key=True, serialize=False)),
                ('body', models.BinaryField()),
                ('hashes', django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(), size=None)),
            ],
            options={
                'db_table': 'ledger_leaf',
            },
        ),
        migrations.CreateModel(
            name='Opening',
            fields=[
                ('commitment', models.BinaryField(primary_key=True, serialize=False)),
                ('salt', models.BinaryField()),
                ('field', models.TextField()),
                ('value', gongxin.secrecy.fields.EncryptedTextField(plain_before=True)),
            ],
            options={
                'db_table': 'ledger_opening',
            },
        ),
        migrations.CreateModel(
            name='SignedCheckpoint',
            fields=[
                ('size', models.BigIntegerField(primary_key=True, serialize=False)),
                ('note', models.TextField()),
                ('signed_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'ledger_checkpoint',
            },
        ),
        migrations.CreateModel(
            name='Witnessed',
            fields=[
                ('origin', models.TextField(primary_key=True, serialize=False)),
                ('size', models.BigIntegerField(default=0)),
                ('root', models.BinaryField(default=bytes)),
                ('note', models.TextField(default='')),
                ('at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'ledger_witnessed',
            },
        ),
        migrations.CreateModel(
            name='CoSignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('size', models.BigIntegerField()),
                ('witness', models.TextField()),
                ('line', models.TextField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'ledger_cosignature',
                'constraints': [models.UniqueConstraint(fields=('witness', 'size'), name='ledger_cosigned_once')],
            },
        ),
    ]
