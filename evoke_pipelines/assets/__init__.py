"""One module per stage, named as in evoke_core; assets know each other by key only."""
