import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach } from "vitest";
import { compileApp } from "../../../src/mr/app/load/compile-app.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** The folder of an app. */
export interface AppFolder {
  directory: string;
  /** Writes a file, or an object as JSON. @returns its path */
  readonly write: (name: string, contents: string | object) => string;
  /** The export `value` of an app in the folder, as it is compiled now. */
  readonly exported: (app?: string) => Promise<unknown>;
}

/** A folder that is another, empty one in each test of the file. */
export function newAppFolder(): AppFolder {
  const folder: AppFolder = {
    directory: "",
    write(name, contents) {
      const path = join(folder.directory, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, typeof contents === "string" ? contents : JSON.stringify(contents));
      return path;
    },
    async exported(app = "app.ts") {
      const { path } = await compileApp(join(folder.directory, app));
      return (await import(pathToFileURL(path).href)).value;
    },
  };
  beforeEach(() => {
    folder.directory = temporaryDirectory();
  });
  return folder;
}
