const COMMON = ["style", "dir", "lang", "title"];
const BLOCK = [...COMMON, "align"];
const CELLS = [...BLOCK, "valign", "bgcolor", "background", "height"];
const CELL = [...CELLS, "width", "colspan", "rowspan", "nowrap"];

const tags = (names: string, attributes: string[]): [string, string[]][] =>
  names.split(" ").map((name) => [name, attributes]);

/**
 * The markup that mail is written in, and the attributes of each tag. Never add an element whose content a browser
 * reads as raw text (style, title, textarea, noscript, xmp…) or by other rules (svg, math, template, select): the
 * safety of the rest depends on there being none.
 */
export const ALLOWED_TAGS: Record<string, string[]> = Object.fromEntries([
  ...tags(
    "abbr address article aside b bdi bdo big blockquote center cite code dd del dfn dl dt em figcaption figure",
    COMMON,
  ),
  ...tags(
    "footer header i ins kbd label main mark nav pre q s samp section small span strike strong",
    COMMON,
  ),
  ...tags("sub sup tt u ul var wbr", COMMON),
  ...tags("br", ["clear"]),
  ...tags("caption div h1 h2 h3 h4 h5 h6 p", BLOCK),
  ...tags("a", [...COMMON, "href", "rel"]),
  ...tags("font", [...COMMON, "color", "face", "size"]),
  ...tags("hr", [...BLOCK, "color", "noshade", "size", "width"]),
  ...tags("img", [...BLOCK, "src", "alt", "border", "height", "hspace", "vspace", "width"]),
  ...tags("li", [...COMMON, "type", "value"]),
  ...tags("ol", [...COMMON, "reversed", "start", "type"]),
  ...tags("table", [...CELLS, "border", "cellpadding", "cellspacing", "width"]),
  ...tags("col colgroup", [...BLOCK, "span", "valign", "width"]),
  ...tags("tbody tfoot thead tr", CELLS),
  ...tags("td th", CELL),
]);

/** What a browser does not show as text. Of all other tags that are not allowed, the content stays. */
export const DROPPED_WITH_CONTENT = new Set(
  "script style title iframe object applet noembed noframes template svg math audio video canvas".split(" "),
);

const SIDES = ["", "-top", "-right", "-bottom", "-left"];

/** Properties that cannot load anything, nor lift an element out of its place (position, transform…). */
export const ALLOWED_CSS: Record<string, true> = Object.fromEntries(
  [
    ...["background", "background-color", "color", "opacity", "direction", "unicode-bidi", "visibility"],
    ...["font", "font-family", "font-size", "font-style", "font-variant", "font-weight", "letter-spacing"],
    ...["line-height", "text-align", "text-decoration", "text-indent", "text-transform", "vertical-align"],
    ...["white-space", "word-break", "word-spacing", "word-wrap", "overflow-wrap", "text-overflow"],
    ...["display", "float", "clear", "overflow", "box-sizing", "table-layout", "caption-side", "empty-cells"],
    ...["width", "min-width", "max-width", "height", "min-height", "max-height"],
    ...["border-collapse", "border-color", "border-radius", "border-spacing", "border-style", "border-width"],
    ...["list-style-position", "list-style-type"],
    ...SIDES.flatMap((side) => [`border${side}`, `margin${side}`, `padding${side}`]),
    ...SIDES.slice(1).flatMap((side) => ["color", "style", "width"].map((what) => `border${side}-${what}`)),
  ].map((property) => [property, true]),
);

/** At the end of what stands before a bracket: a function that only computes a colour. */
export const CSS_FUNCTIONS = /(?:^|[^\w-])(?:rgba?|hsla?|linear-gradient)$/;
