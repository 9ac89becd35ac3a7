import { assetPath } from "../../base/assets.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import type { Drawing } from "./drawing.ts";

/** For screens of high resolution. */
const PIXELS_PER_UNIT = 2;
/** The characters of the bundled fonts: Latin, Greek and Cyrillic letters, and punctuation. */
const COVERED = /^[\n -\u024f\u0370-\u03ff\u0400-\u045f\u0490-\u0491\u2000-\u206f\u20ac\u2116]*$/;
const FONT_FILES = ["latin", "latin-ext", "latin-semibold", "greek", "cyrillic"].map((part) => {
  return assetPath(`mr/watch/report/fonts/noto-sans-${part}.ttf`);
});

/**
 * Renders a complete SVG as a PNG. Latin, Greek and Cyrillic text looks the same on every machine; other
 * scripts use the fonts of the system.
 *
 * @throws MrError DISPLAY_UNAVAILABLE if the renderer cannot be loaded
 */
export async function renderPng({ content, width }: Drawing): Promise<Buffer> {
  try {
    const { Resvg } = await import("@resvg/resvg-js");
    const image = new Resvg(content.text, {
      font: {
        fontFiles: FONT_FILES,
        loadSystemFonts: !COVERED.test(content.text),
        defaultFontFamily: "Noto Sans",
        sansSerifFamily: "Noto Sans",
      },
      fitTo: { mode: "width", value: width * PIXELS_PER_UNIT },
    });
    return image.render().asPng();
  } catch (error) {
    throw new MrError("DISPLAY_UNAVAILABLE", `Cannot draw a PNG: ${describeCause(error)}`);
  }
}
