"""Publish: tables, figures, the network view, the day's files, and the site.

Everything an account wrote is hostile text: it leaves these functions escaped, as data, or not at all.

In a notebook everything is under one name: ``from coordlib.report import page``.
    ``banners``, ``tables``, ``downloads``
        ``show_page_head(run)`` (table script and banner; call it first), ``show_html(html)``, ``show_text(text)``,
        ``show_table(frame, caption, *, formats=None, links=None, labels=None, max_rows=500, csv=None)``,
        ``show_facts({"Accounts": "12 of 40", ...}, caption)``, ``show_downloads(folder)``
    ``day_figures`` (each returns a ``Figure`` with ``title``, ``alt``, ``html``; show it with ``figures.show_figure``)
        ``pool_history(history)``, ``network_sizes(networks)``, ``post_timeline(posts)``, ``hours_of_day(posts)``,
        ``seconds_apart(pairs, time_window)``, ``weight_against_objects(edges)``
    ``network_view``
        ``write_network(graph, folder, *, accounts=None, nodes_shown=1000, account_url=TIKTOK)`` writes
        ``network.html`` and returns the ``NetworkView``; ``show_network(view)`` puts it in the page
    ``package``
        ``write_day(folder, {"accounts": …, "networks": …, "posts": …, "edges": …, "pairs": …}, graph, run)`` writes
        every file of the day atomically; a different earlier version moves to ``reports/versions``
    ``provenance``
        ``citation(run)``, ``show_citation(run)``, ``show_provenance(run)``
    ``references``
        ``show_references(bib_path=None, keys=None)``

Around the notebook
    ``package.seal(folder)`` after the executed notebook lies in the folder: front matter and the zip.
    ``site.failure_page(folder, date, message, traceback_text)``, ``site.day_banner(run)``,
    ``site.prepare_site(workspace)``, ``site.render_site(workspace, output=None, engine="auto")``
    ``provenance.code_version()``, ``provenance.package_versions()``, ``provenance.sha256_file(path)``

``run`` is a mapping with at least ``date`` and ``outcome`` (network, no-coordination, too-little-data, no-input,
failed); ``parameters``, ``counts``, ``facts``, ``inputs`` (name to SHA-256), ``started_at`` (UTC seconds) and
``simulated`` are shown and kept when given.
"""
