import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const OUT = "../src/lakeward/web/static";

/** Text files get a .br and a .gz beside them, so that the server never compresses. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    closeBundle() {
      for (const entry of readdirSync(OUT, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(html|js|css|svg)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const plain = readFileSync(path);
        if (plain.length < 1024) continue;
        writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
        writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
      }
    },
  };
}

/** The script that runs first, and which files each large page is made of, so that it can ask for them. */
const PAGES: Record<string, string> = {
  "/ml/experiments/*": "features/tracking/runs_page.tsx",
  "/ml/experiments/*?charts": "features/tracking/run_charts.tsx",
  "/ml/experiments/*/runs/*": "features/tracking/run_page.tsx",
  "/ml/experiments/*/traces": "features/tracing/traces_page.tsx",
  "/ml/experiments/*/traces/*": "features/tracing/trace_page.tsx",
};

function early(): Plugin {
  return {
    name: "early",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter((each) => each.type === "chunk");
        const byFile = new Map(chunks.map((each) => [each.fileName, each]));
        const first = new Set<string>();
        const gather = (name: string, into: Set<string>) => {
          const chunk = byFile.get(name);
          if (!chunk || into.has(name) || first.has(name)) return;
          into.add(name);
          for (const css of (chunk as { viteMetadata?: { importedCss: Set<string> } }).viteMetadata?.importedCss ?? []) into.add(css);
          for (const other of chunk.imports) gather(other, into);
        };
        const main = chunks.find((each) => each.isEntry && each.name === "index");
        if (main) gather(main.fileName, first);
        const pages = Object.entries(PAGES).map(([place, module]) => {
          const files = new Set<string>();
          const chunk = chunks.find((each) => each.moduleIds.some((id) => id.endsWith(`/src/${module}`)));
          if (!chunk) throw new Error(`no file holds ${module}`);
          gather(chunk.fileName, files);
          return [place, [...files].map((name) => `/${name}`)];
        });
        const script = chunks.find((each) => each.name === "early");
        if (!script) throw new Error("no early script");
        return [
          { tag: "script", attrs: { type: "application/json", id: "pages" }, children: JSON.stringify(Object.fromEntries(pages)), injectTo: "head-prepend" },
          { tag: "script", attrs: { type: "module", async: true, crossorigin: true, src: `/${script.fileName}` }, injectTo: "head-prepend" },
        ];
      },
    },
  };
}

export default defineConfig({
  plugins: [precompress(), early()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: { outDir: OUT, emptyOutDir: true, target: ["chrome123", "firefox121", "safari17.5"], reportCompressedSize: false, assetsInlineLimit: 0,
    rolldownOptions: {
      input: { index: fileURLToPath(new URL("./index.html", import.meta.url)), early: fileURLToPath(new URL("./src/early.ts", import.meta.url)) },
      // What several pages use is one file and not thirty: each request costs more than the few bytes that a page does not need.
      output: { codeSplitting: { groups: [{ name: "common", minShareCount: 3, test: /src\/(api|shared|ui|features)\/|@tanstack\/(react-virtual|virtual-core)/ }] } },
    },
  },
  server: {
    port: 5173,
    // The server refuses requests of other origins, so the one of this development server is left out.
    proxy: Object.fromEntries(
      ["/api", "/ajax-api", "/get-artifact", "/artifact-frame", "/sso", "/oidc"].map((path) => [
        path,
        {
          target: process.env.LAKEWARD_URL ?? "http://127.0.0.1:5000",
          configure: (proxy) => proxy.on("proxyReq", (request) => request.removeHeader("origin")),
        },
      ]),
    ),
  },
});
