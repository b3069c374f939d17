import django.db.models.deletion
import gongxin.ids
import gongxin.secrecy.fields
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
            name='Gone',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('what', models.CharField(choices=[('entry', 'entry'), ('file', 'file'), ('mailbox', 'mailbox')], max_length=8)),
                ('on', models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name='File',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('document', gongxin.secrecy.fields.EncryptedTextField()),
                ('index', gongxin.secrecy.fields.BlindIndexField(db_index=True, of='document', purpose='persons.document', unique=True)),
                ('secret', gongxin.secrecy.fields.EncryptedTextField()),
                ('leaving_since', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('leaving_since__isnull', False)), fields=['leaving_since'], name='persons_file_leaving')],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tag', models.CharField(db_collation='C', max_length=64)),
                ('withdrawn', models.BooleanField(default=False)),
                ('term', gongxin.secrecy.fields.EncryptedTextField(null=True)),
                ('term_index', gongxin.secrecy.fields.BlindIndexField(db_index=True, null=True, of='term', purpose='persons.term')),
                ('leaving', models.UUIDField(null=True)),
                ('destroyed_on', models.DateField(null=True)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='persons.file')),
            ],
        ),
        migrations.CreateModel(
            name='Authorisation',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(db_collation='C', max_length=64, unique=True)),
                ('body', models.TextField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='authorisations', to='persons.file')),
            ],
        ),
        migrations.CreateModel(
            name='Holder',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('indexes', gongxin.secrecy.fields.EncryptedTextField()),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('waiting', '待发送'), ('sent', '已发送'), ('failed', '未能送达')], default='waiting', max_length=8)),
                ('made_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('attempts', models.SmallIntegerField(default=0)),
                ('fault', models.CharField(blank=True, max_length=60)),
                ('sent_at', models.DateTimeField(null=True)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='persons.file')),
            ],
        ),
        migrations.CreateModel(
            name='Mailbox',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('body', models.TextField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('file', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='mailbox', to='persons.file')),
            ],
        ),
        migrations.CreateModel(
            name='Objection',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('open', '核查中'), ('corrected', '已更正'), ('withdrawn', '已撤回'), ('refused', '不予更正'), ('erased', '已删除')], default='open', max_length=12)),
                ('filed_at', models.DateTimeField()),
                ('due', models.DateField()),
                ('assisted', models.BooleanField(default=False)),
                ('body', models.TextField()),
                ('decision', models.TextField(blank=True)),
                ('proposal', models.TextField(blank=True)),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.department')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='objections', to='persons.entry')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Opening',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('body', models.TextField()),
                ('leaf', models.BigIntegerField()),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='openings', to='persons.file')),
            ],
        ),
        migrations.CreateModel(
            name='Paper',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('head', models.TextField()),
                ('body', models.TextField()),
                ('objection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='papers', to='persons.objection')),
            ],
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.UUIDField(default=gongxin.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('content', models.CharField(db_collation='C', max_length=64)),
                ('body', models.TextField()),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='persons.entry')),
            ],
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('leaving__isnull', False)), fields=['leaving'], name='persons_entry_leaving'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(fields=('file', 'tag'), name='persons_entry_once'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at'], name='persons_letter_due'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(fields=['made_at'], name='persons_letter_made'),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('file',), name='persons_letter_one_waiting'),
        ),
        migrations.AddIndex(
            model_name='objection',
            index=models.Index(fields=['department', 'state', 'due'], name='persons_objection_work'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('entry',), name='persons_objection_one_open'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.UniqueConstraint(fields=('entry', 'number'), name='persons_version_once'),
        ),
    ]
