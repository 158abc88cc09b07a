"""The policies that come with Sluicegate, as YAML files; no code."""
