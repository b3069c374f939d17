"""The second wall (docs/adr/0021): the database itself gives nobody rows that are not theirs, and lets nobody change
the log, whatever the application forgets.

`walls.yaml` says of every table whose rows it holds and what the three roles may do with it; `raising` makes grants and
policies of that; `acting` tells the database who asks; `standing` says whether the wall is up.
"""
