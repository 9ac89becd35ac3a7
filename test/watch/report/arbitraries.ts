import fc from "fast-check";

/** Any string of UTF-16 units, with what is dangerous in it more often than chance has it. */
export const NASTY = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom(
        ..."<>&\"'`\u0000\n\t\u202e\u2066\ud800\udc00\ufffe",
        "</script>",
        "<!--",
        "]]>",
        "-->",
        "שלום",
        "👨‍👩‍👧",
        "x".repeat(3000),
      ),
    )
    .map((parts) => parts.join("")),
);
