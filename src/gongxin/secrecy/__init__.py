"""Secrecy: the two suites of algorithms, the node's keys, sealed values, blind indexes, signatures.

Ground: it knows no table and no rule. Where sealed values lie and how keys change over time: `gongxin.custody`.
"""
