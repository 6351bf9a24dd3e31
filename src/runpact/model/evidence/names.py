"""Names in a folder of evidence.

Knows: what certificate and reports are called.
Does not know: what is in them.
"""

FILE = "evaluation.cert.json"
REPORT = "report.json"
BASELINE_PATH = "../baseline/report.json"
"""Where the baseline's report stands, from the folder of the certificate."""
