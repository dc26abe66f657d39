// Every English word of the page. Another language is another file like this one.
export const STRINGS = {
  skip: "Go to the timeline", projectName: "Name of the project", untitled: "Untitled film",
  undo: "Undo", redo: "Redo", project: "Project", theme: "Light or dark", render: "Render film",
  face: "Face", picture: "Picture", before: "Calm", beforePicture: "The calm face, to compare with",
  livePicture: "The face at the play head", play: "Play", pause: "Pause", compare: "Compare with calm",
  details: "Details", timeline: "Timeline", asTable: "As a table", dropHere: "Drop a photo, a clip, a sound or a project",
  saved: "Saved", saving: "Saving", notSaved: "Not saved: {0}",
  tabAll: "Random", tabFavourites: "Favourites", tabMix: "Mix", tabPhoto: "Photo",
  tabMoment: "Moment", tabFilm: "Film", tabRenders: "Renders",
  wall: "Faces: arrow keys go from one to the next, F keeps one as a favourite", faceSeed: "Face {0}", favour: "Keep face {0} as a favourite", seed: "Number of a face", show: "Show",
  noFavourites: "No favourites yet. The star on a face keeps it here.",
  mixOf: "Faces {0}", mixHint: "Somebody between two faces. Choose who, then how much of each.", mixA: "First", mixB: "Second",
  mixShare: "From the first to the second", mixUse: "Choose a face for {0}",
  photoHint: "Drop a photo or a clip of somebody who agreed, or choose a file. Finding the face takes a minute or two.",
  photoChoose: "Choose a photo or a clip", photoWhich: "Face {0} of the photo", photoUse: "Use this face",
  generator: "Generator", directions: "Directions", modelOwn: "{0}", directionsOwn: "Those that come with it",
  generatorSend: "Send a generator's file", directionsSend: "Send a file of directions", modelLoading: "The generator is being loaded", modelSending: "Sending and checking the file",
  modelHint: "NVIDIA's .pkl, rosinality's .pt or our .safetensors; nothing in a file is run.",
  still: "No directions are known for this generator, so its faces stay at rest. Choose directions.",
  clipAsk: "What should be taken from this clip?", clipEmotions: "Its emotions", clipFace: "A face in it", clipTime: "Moment of the clip, seconds",
  cropHint: "The generator is searched for this face.",
  photoLooking: "Looking for faces",
  photoNone: "No face was found in this photo.", photoBusy: "Finding the face: {0}", photoReady: "The face is ready.",
  paste: "Show the whole photo, with the moving face in it", pixels: "What the film is made of", pixelsPhoto: "The photo itself, moved", pixelsGenerator: "The person, drawn anew", latentsReady: "Latents with {0} faces", latentsIndex: "Which of the saved faces",
  addMoment: "Add a moment", startFrom: "Start from", predict: "A network's idea", fromClip: "The emotions of a clip",
  example: "All seven emotions", predictTitle: "A track that a network writes", seconds: "Seconds", lively: "Lively",
  livelyHint: "0 always the likeliest, 1 as it learned, 2 bolder", otherIdea: "Another number gives another track", write: "Write it",
  clipBusy: "Looking for emotions: {0}",
  loop: "Loop", easing: "How the face gets there", easingTrack: "As the film", holdFor: "Hold, seconds", time: "Time, seconds", intensity: "Intensity",
  emotion: "Emotion", also: "At the same time", addAlso: "Add another emotion", removeAlso: "Without {0}", remove: "Remove this moment",
  noMoment: "Choose a moment on the timeline, or add one.", closing: "Back to the start, seconds",
  keyLabel: "Moment {0}: {1}", keyValue: "{0}, {1} at {2} seconds", keyHold: ", held for {0} seconds",
  keyHelp: "Arrow keys move it in time and intensity, with Shift in larger steps. Delete removes it. Square brackets change the hold.",
  holdHandle: "Hold of moment {0}",
  playhead: "Play head", full: "full", at: "{0} s",
  filmEasing: "Between moments", fps: "Frames a second", size: "Size", sizeFull: "Full ({0})", kind: "File",
  kinds: { mp4: "MP4, plays everywhere", webm: "WebM", gif: "GIF" },
  easings: { linear: "Evenly", halving: "Quick, then settling", smoothstep: "Softly", cubic: "Flowing", spherical: "Along an arc" },
  emotions: { calm: "Calm", anger: "Anger", happiness: "Happiness", surprise: "Surprise", disgust: "Disgust", fear: "Fear", sadness: "Sadness" },
  waveform: "Sound, {0} seconds", fromSound: "The turns of the film's sound", soundBusy: "Listening: {0}",
  keep: "Keep the person: lower emotions that leave the identity budget", sound: "Sound", soundNone: "None", soundChoose: "Choose a file", soundRemove: "Without sound",
  length: "{0} s, {1} frames", copyCommand: "Copy as command", copyPython: "Copy as Python", copied: "Copied",
  curveIdentity: "Identity distance", curveExpression: "Expression", curveHint: "measured on live pictures",
  budget: "budget {0}", leaves: "The person may not be kept at {0}: identity distance {1}, budget {2}.",
  noRenders: "Nothing rendered yet.", states: { waiting: "Waiting", running: "Rendering", finished: "Finished", failed: "Failed", cancelled: "Cancelled" },
  steps: { listen: "Listening", sound: "Sound", load: "Loading", face: "Face", clip: "Clip", render: "Frames", sheet: "Sheet", score: "Score", invert: "Face", tune: "Likeness", identity: "Identity" },
  left: "{0} left", cancel: "Cancel", open: "Open", deleteFilm: "Delete", ordered: "In the queue", again: "Work on this",
  resultTitle: "Film", download: "Download", files: "Files", score: "Scorecard", sheet: "Contact sheet", close: "Close",
  scoreRows: { acd_consecutive: "Person kept from frame to frame (ACD)", identity_distance_mean: "Distance from the first frame, mean", identity_distance_max: "Distance from the first frame, largest", expression_size_mean: "How much the face moves, mean", flicker_mean: "Flicker", render_time_s: "Rendering, seconds" },
  scoreFrames: "{0} x {1}, {2} frames, {3} s", marked: "The film says in its metadata that it was generated.",
  newProject: "New project", openFile: "Open a file", saveFile: "Save as a file", recent: "Recent",
  conflict: "This project was changed in another tab.", loadTheirs: "Load that", keepMine: "Keep this",
  offline: "The studio does not answer. Was it stopped?", unauthorised: "The studio was started again: open the address that it printed.",
  loading: "The faces are being loaded.", waiting: "computing", liveRate: "{0} frames a second", minutes: "{0} min {1} s", secondsShort: "{0} s",
  tableHead: ["Time, s", "Emotion", "Intensity", "Hold, s", "Getting there", ""], wrongFile: "This file is no photo, clip, sound, latents or project.",
  overlap: "Moments need room between them.",
};

export function t(key, ...values) {
  const found = key.split(".").reduce((part, name) => part?.[name], STRINGS);
  if (typeof found !== "string") return found ?? key;
  return found.replace(/\{(\d)\}/g, (_, n) => values[n] ?? "");
}

// Words of the page's own markup: data-t fills the text, data-t-label and -placeholder attributes.
export function fillWords(root = document) {
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
  for (const node of root.querySelectorAll("[data-t-placeholder]")) node.placeholder = t(node.dataset.tPlaceholder);
}
