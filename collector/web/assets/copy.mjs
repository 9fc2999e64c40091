// Copies what the pages load from node_modules into static/vendor, with its licence.
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const vendor = join(here, "..", "static", "vendor");
const wanted = {
  "cytoscape/dist/cytoscape.min.js": "cytoscape.min.js",
  "cytoscape/LICENSE": "cytoscape.LICENSE",
  "htmx.org/dist/htmx.min.js": "htmx.min.js",
  "htmx.org/LICENSE": "htmx.LICENSE",
};

mkdirSync(vendor, { recursive: true });
for (const [from, to] of Object.entries(wanted)) {
  copyFileSync(join(here, "node_modules", from), join(vendor, to));
}
