// What captions say and how long they hold, for the Stage and for pictures that are drawn without a
// browser (stage/drawing/captions.py), which read the braces as JSON. Times in seconds.

export const SAID = {
  "begin": "Each mark is an image.",
  "forget": " The {count} diamonds are to be forgotten.",
  "class": " The {count} diamonds are to be forgotten: {subject}.",
  "samples": "the forget samples",
  "crossing": "accuracy on {subject} is down to the retrained model's {value}.",
  "half": "half of them get another answer than at the start.",
  "step": "Step {step}: {text}",
  "outlines": "The end. Outlines: the same images in a model that never learned them, in the colour of its answer.",
  "end": "The end: step {step}.",
  "apart": 3,
  "start": 1,
  "least": 1.6,
  "word": 0.22,
  "rest": [4, 12],
  "breath": 2.5
};
