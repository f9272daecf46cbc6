"""Start the demo: `python -m evoke_pipelines [SONG]`; see `demo`."""

if __name__ == "__main__":
    # Worker processes load this module again, so nothing heavy stands above.
    import sys

    from evoke_pipelines.demo import main, prepare_dagster_home
    from evoke_pipelines.environment import read_environment

    prepare_dagster_home(read_environment())
    sys.exit(main(sys.argv[1:]))
