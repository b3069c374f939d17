import django.db.models.deletion
import gongxin.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('subjects', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Commitment',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=24, unique=True)),
                ('kind', models.CharField(max_length=40)),
                ('matter', models.CharField(blank=True, max_length=200)),
                ('text', models.TextField()),
                ('made_by', models.CharField(max_length=150)),
                ('made_at', models.DateTimeField()),
                ('pack_version', models.CharField(max_length=32)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='commitments', to='subjects.organisation')),
            ],
            options={
                'ordering': ('-made_at', '-id'),
            },
        ),
    ]
