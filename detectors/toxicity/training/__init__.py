"""How the bundled toxicity model is made: data, training, export and the report. Nothing here runs in the proxy."""
