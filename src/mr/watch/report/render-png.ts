import { assetPath } from "../../base/assets.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import type { Drawing } from "./drawing.ts";

/** Two pixels for each unit, as good screens have them. */
const PIXELS_PER_UNIT = 2;
/** What the fonts that come along can show: Latin, Greek and Cyrillic letters, and what is used with them. */
const COVERED = /^[\n -\u024f\u0370-\u03ff\u0400-\u045f\u0490-\u0491\u2000-\u206f\u20ac\u2116]*$/;
const FONT_FILES = ["latin", "latin-ext", "latin-semibold", "greek", "cyrillic"].map((part) => {
  return assetPath(`mr/watch/report/fonts/noto-sans-${part}.ttf`);
});

/**
 * Renders a complete SVG as a PNG. Text in Latin, Greek and Cyrillic letters looks the same on every
 * machine; for other scripts the fonts of this one are used, if it has any.
 *
 * @throws MrError when the renderer is missing, or cannot be loaded on this system
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
