import { testEngine } from "../engine-conformance.ts";

testEngine("local");
