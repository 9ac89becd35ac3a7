import { testEngine } from "../engine-conformance.ts";

testEngine("sequential");
