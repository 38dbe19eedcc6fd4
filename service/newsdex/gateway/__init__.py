"""The HTTP gateway: JSON under `/api`, pages for people elsewhere; it only talks to the broker.

`process` is the composition root: it makes a `Door`, what every route may use, and `app` makes the application of it.

**To add a page**: write a module in `pages/` whose `routes` is a list of Starlette's `Route`; each endpoint is
`async def name(request: Request) -> Response`. It takes what it needs from `door_of(request)`: `door.client` asks the
service (`await door.client.search(SearchRequest(…))`; what it raises need not be caught, it becomes a page or problem
details with the right status), and `door.pages.render(request, "name.html", key=value)` answers with a template.
Add the module to `PAGES` in `app`. Templates lie in `templates/` (Jinja2: autoescape, `StrictUndefined`, so every value
must be given; `layout.html` is the frame, `problem.html` what errors look like), files for browsers in `static/`: a
template names one by `{{ asset("name.css") }}`, which is its address under `/assets/`, with a digest in its name.
`newsdex_schemas.query_string` turns the parameters of an address into a request and back. Security headers, ETag, gzip
and everything else that a request meets before a route come by themselves.

**To add a call of the API**: likewise in `api/`, into `API`; it answers with `json_reply`.
"""
