// The service, as the page calls it. Errors carry one sentence.
import { t } from "./strings.js";

const API = "/api/v1";

export class ServiceError extends Error {
  constructor(status, content) { super(content?.error ?? t("offline")); this.status = status; this.content = content; }
}

export async function call(path, { method, body, headers, signal } = {}) {
  let answer;
  try {
    answer = await fetch(path.startsWith("/api") ? path : API + path, {
      method: method ?? (body === undefined ? "GET" : "POST"), headers, signal,
      body: body === undefined ? undefined : body instanceof Blob ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError(0, { error: t("offline") });
  }
  if (answer.status === 401) throw new ServiceError(401, { error: t("unauthorised") });
  if (!answer.ok) throw new ServiceError(answer.status, await answer.json().catch(() => null));
  if (answer.status === 204) return null;
  const kind = answer.headers.get("content-type") ?? "";
  return kind.includes("json") ? answer.json() : answer.blob();
}

export const upload = (kind, file) => call(`/uploads?kind=${kind}`, { body: file });

// The end of one job; `tell` hears its states.
export function follow(id, tell) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(`${API}/jobs/${id}/events`);
    source.addEventListener("job", (event) => {
      const job = JSON.parse(event.data);
      tell(job);
      if (job.state === "finished") { source.close(); resolve(job); }
      if (job.state === "failed" || job.state === "cancelled") { source.close(); reject(new ServiceError(0, { error: job.error || t(`states.${job.state}`) })); }
    });
  });
}

export function listen(tell, tellState) {
  const source = new EventSource(`${API}/events`);
  source.addEventListener("job", (event) => tell(JSON.parse(event.data)));
  source.addEventListener("open", () => tellState(true));
  source.addEventListener("error", () => tellState(false));
}

export function describeProgress(job) {
  const { step, done, total, left_s: left } = job.progress ?? {};
  if (!step) return t(`states.${job.state}`);
  const name = t(`steps.${step}`);
  const label = name.startsWith("steps.") ? step : name;
  return `${label}${total ? ` ${done}/${total}` : ""}${left ? `, ${t("left", formatSeconds(left))}` : ""}`;
}

export function formatSeconds(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? t("secondsShort", whole) : t("minutes", Math.floor(whole / 60), whole % 60);
}
