from django.db import migrations

import gongxin.secrecy.fields


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_witnesses")]

    operations = [
        # The column stays text. What stands in it plain is sealed by the next `gongxin keys rotate`.
        migrations.AlterField(
            model_name="opening",
            name="value",
            field=gongxin.secrecy.fields.EncryptedTextField(plain_before=True),
        ),
    ]
