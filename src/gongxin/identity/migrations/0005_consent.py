import django.db.models.deletion
import gongxin.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0004_key_scopes'),
    ]

    operations = [
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
    ]
