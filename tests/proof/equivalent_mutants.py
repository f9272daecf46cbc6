"""Mutants that do just what the code does, so that no test could tell: with reasons."""

# What a change may be within, wherever it stands.
BY_FORM = {
    r"""(?<=\bcast\()(None|"\w+")""": "a type that is cast to is for mypy alone",
    r",? ?(\bstrict=(True|False|None))?(?=\))": "guards lengths that never differ",
    r"""(?<=\bkind=)"(stable|STABLE)\"""": "numpy reads one letter in either case",
    r",? ?(\bindent=\w+)?(?=\))": "white space in JSON",
}

_SHORT_CUT = "spares the exact question, whose answer is the same"
_FLOAT64 = "numpy's default is float64"
_UNIQUE = "sorts once more what is sorted and unique"
_IN_A_BUCKET = "a bucket may hold its hashes in any order"
_IN_A_COMPONENT = "a component may hold its hashes in any order"
_NOT_ASKED = "a new hash is asked for no component"
_WEIGHT = "an edge's weight is not read"
_EITHER_WAY = "weakly connected is what scipy looks for, edges either way"
_LABELS = "scipy's labels of 32 bits number as many"
_TEXT = "text compares alike as numpy's and as Python's"

# By module, then by function and the changed lines as `mutants` prints them.
EQUIVALENT: dict[str, dict[tuple[str, str], str]] = {
    "evoke_core/bridge/gate.py": {
        (
            "_width",
            "return max(sum(known) / max(len(known), 2), 1e-3)",
        ): "where one width is known, one candidate has figures at all, and serves",
    },
    "evoke_core/drops/tick.py": {
        (
            "_walk",
            "if len(found.key) < LONGEST_KEY // 4  # of 4 bytes at most",
        ): _SHORT_CUT,
        (
            "_walk",
            "if len(found.key) <= LONGEST_KEY / 4  # of 4 bytes at most",
        ): _SHORT_CUT,
        (
            "_walk",
            "if len(found.key) <= LONGEST_KEY // 5  # of 4 bytes at most",
        ): _SHORT_CUT,
    },
    "evoke_core/drops/ledger.py": {
        (
            "_name",
            "if _PLAIN.fullmatch(source_key) and len(source_key) < _LONGEST_NAME // 4:",
        ): _SHORT_CUT,
        (
            "_name",
            "if _PLAIN.fullmatch(source_key) and len(source_key) <= _LONGEST_NAME / 4:",
        ): _SHORT_CUT,
        (
            "_name",
            "if _PLAIN.fullmatch(source_key) and len(source_key) <= _LONGEST_NAME // 5:",  # noqa: E501
        ): _SHORT_CUT,
        (
            "settled",
            "for found in store.listing(_SETTLED, after=left[0][:-2]):",
        ): "begins before the same entry, or one of its version",
        (
            "settled",
            "rest = (key for key in left if key >= found.key)",
        ): "asks once more for one that is known",
    },
    "evoke_core/drops/tickets.py": {
        ("_ticket", "raise ValueError(None)"): "caught one line up; nobody reads it",
    },
    "evoke_core/drops/sweep.py": {
        ("load_sweep", 'told = json.loads(cursor or "XXXX")'): "garbage is none, too",
    },
    "evoke_core/boards/refine.py": {
        (
            "_cosines",
            "safe = np.where(product > 0, product, 2.0)",
        ): "what it divides is then put aside",
        (
            "_diversify",
            "safe = np.where(product > 0, product, 2.0)",
        ): "what it divides is then put aside",
        (
            "_cosines",
            "safe = np.where(product > 1, product, 1.0)",
        ): "1 stays 1",
        (
            "_diversify",
            "safe = np.where(product > 1, product, 1.0)",
        ): "1 stays 1",
        (
            "_cosines",
            'return cast("Array64", np.where(product >= 0, dots / safe, 0.0))',
        ): "the inner product with nothing is 0 itself",
        (
            "_diversify",
            "likeness = np.maximum(likeness, np.where(product >= 0, dots / safe, 0.0))",
        ): "the inner product with nothing is 0 itself",
        ("_diversify", "vectors = pool.vectors.astype(None)"): _FLOAT64,
        ("relevance_of", "vectors = pool.vectors.astype(None)"): _FLOAT64,
        (
            "Caps.__init__",
            "self._clusters = np.array(pool.clusters, )",
        ): _TEXT,
        (
            "Caps.__init__",
            "self._clusters = np.array(pool.clusters, None)",
        ): _TEXT,
        (
            "Caps.__init__",
            "(np.array(pool.artists, None), refinement.max_per_artist),",
        ): _TEXT,
        (
            "Caps.__init__",
            "(np.array(pool.artists, ), refinement.max_per_artist),",
        ): _TEXT,
        (
            "Caps.__init__",
            "(np.array(pool.sources, None), refinement.max_per_source),",
        ): _TEXT,
        (
            "Caps.__init__",
            "(np.array(pool.sources, ), refinement.max_per_source),",
        ): _TEXT,
    },
    "evoke_core/corpus/dedupe.py": {
        (
            "_by_preference",
            'pl.col("served") if "served" in columns else pl.lit(value=False).alias("served"),',  # noqa: E501
        ): "where all are alike, no matter how",
        (
            "cluster_duplicates",
            'pl.Series("relation", relation, ),',
        ): "numpy's text is polars' text",
        (
            "_take",
            "keeper = np.full(len(component.phashes), -2)",
        ): "any number below 0 means free",
        (
            "_take",
            "for start in range(0, len(keeper), ):",
        ): "asks 64 times as often and is answered alike",
        (
            "_take",
            "asked = start + np.flatnonzero(keeper[start : start + _AT_ONCE] <= 0)",
        ): "asks for those of row 0, too, whom the next line passes over",
        (
            "_take",
            "asked = start + np.flatnonzero(keeper[start : start + _AT_ONCE] < 1)",
        ): "asks for those of row 0, too, whom the next line passes over",
        (
            "_grids",
            "return np.frombuffer(joined, np.uint8).reshape(-2, GRID_PX, GRID_PX)",
        ): "numpy takes any number below 0",
        (
            "_components",
            'numbers = known["component_id"].rank("dense").to_numpy().astype(None)',
        ): "labels may be floats that are whole",
    },
    "evoke_core/corpus/components.py": {
        (
            "mirrored_components",
            "return _lowest_row(_merge(labels, found)[places[:, 1]])",
        ): "a picture and its forms are of one component",
        ("_resume", "component = np.full(len(hashes), None)"): _NOT_ASKED,
        ("_resume", "component = np.full(len(hashes), +1)"): _NOT_ASKED,
        ("_resume", "component = np.full(len(hashes), -2)"): _NOT_ASKED,
        (
            "_resume",
            "torn = torn[np.argsort(component[torn], kind=None)]",
        ): _IN_A_COMPONENT,
        (
            "_resume",
            "torn = torn[np.argsort(component[torn], )]",
        ): _IN_A_COMPONENT,
        (
            "_resume",
            "return result, np.flatnonzero(~old), np.split(torn, cuts) if (len(torn)) or True else []",  # noqa: E501
        ): "a component of nothing has no pairs",
        (
            "_merge",
            "if sum(map(len, held)) > _EDGES:",
        ): "edges are merged alike one block later",
        (
            "_merged",
            "graph = coo_array((np.ones(len(one), None), (one, other)), shape=(size, size))",  # noqa: E501
        ): _WEIGHT,
        (
            "_merged",
            "graph = coo_array((np.ones(len(one), ), (one, other)), shape=(size, size))",  # noqa: E501
        ): _WEIGHT,
        (
            "_merged",
            "_, component = connected_components(graph, directed=None)",
        ): _EITHER_WAY,
        (
            "_merged",
            "_, component = connected_components(graph, )",
        ): _EITHER_WAY,
        (
            "_merged",
            "_, component = connected_components(graph, directed=True)",
        ): _EITHER_WAY,
        (
            "_merged",
            "return np.asarray(component[labels], dtype=None)",
        ): _LABELS,
        ("_merged", "return np.asarray(component[labels], )"): _LABELS,
        (
            "_edges_of_changes",
            "old = np.setdiff1d(np.arange(len(hashes)), fresh, assume_unique=False)",
        ): _UNIQUE,
        (
            "_edges_of_changes",
            "old = np.setdiff1d(np.arange(len(hashes)), fresh, assume_unique=None)",
        ): _UNIQUE,
        (
            "_edges_of_changes",
            "old = np.setdiff1d(np.arange(len(hashes)), fresh, )",
        ): _UNIQUE,
    },
    "evoke_core/corpus/hamming.py": {
        (
            "hamming_edges",
            "repeated = np.flatnonzero(groups.counts >= 1)",
        ): "a hash that comes once has no pair with itself",
        (
            "hamming_edges",
            "yield np.sort(pairs, )",
        ): "rows of two are sorted along the last axis, too",
        (
            "distinct_edges",
            "if not len(left) and not len(other):",
        ): "comparing with nothing finds nothing",
        (
            "_cut",
            "for count in range(radius // 4 + 1, radius + 3):",
        ): "a chunk beyond radius + 1 costs its visits and spares none",
        ("_cut", "if cost <= least:"): "of two that cost the same either is cheapest",
        (
            "_Buckets.of",
            "rows = np.argsort(values, kind=None)",
        ): _IN_A_BUCKET,
        (
            "_Buckets.of",
            "rows = np.argsort(values, )",
        ): _IN_A_BUCKET,
        (
            "_Buckets.of",
            "starts = np.searchsorted(values[rows], np.arange((2 << chunk.width) + 1))",
        ): "no hash has those values",
        (
            "_Buckets.of",
            "starts = np.searchsorted(values[rows], np.arange((1 << chunk.width) + 2))",
        ): "no hash has those values",
    },
    "evoke_core/boards/pool.py": {
        ("_thin_out", "if len(ids) >= wanted:"): "all of them travel either way",
        (
            "_thin_out",
            "nearby = around.pool if (len(ids) == len(around.ids)) and False else _pool(ids, desk)",  # noqa: E501
        ): "makes once more what there is",
        (
            "_extremes",
            "return np.asarray(refinement.queries[0] + shifts, None)",
        ): _FLOAT64,
        (
            "_extremes",
            "return np.asarray(refinement.queries[0] + shifts, )",
        ): _FLOAT64,
        (
            "_extremes",
            "return np.asarray(refinement.queries[0] - shifts, np.float64)",
        ): "every move has its opposite among the moves",
    },
}
