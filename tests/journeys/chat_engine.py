"""The real assistant, made to fail, to take its time or to speak slowly by a word in the message."""

import time

from generations.engines import ChatRequest, EngineError, Reply, Report
from generations.engines.assistant import RulesAssistant


class AssistantThatCanFail:
    """Answers; fails at "impossible"; begins seconds later at "slowly"; takes five to speak at "word by word"."""

    name = "rules assistant"
    provider = ""

    def __init__(self) -> None:
        self.assistant = RulesAssistant()

    def reply(self, request: ChatRequest, *, timeout_seconds: float, report: Report) -> Reply:
        asked = request.message.lower()
        if "slowly" in asked:
            time.sleep(10 if "very slowly" in asked else 3)
        if "impossible" in asked:
            raise EngineError("The assistant could not answer that.")
        reply = self.assistant.reply(request, timeout_seconds=timeout_seconds, report=report)
        if "word by word" in asked:
            self._speak(reply.text.split(" "), report)
        return reply

    def _speak(self, words: list[str], report: Report) -> None:
        for count in range(1, len(words)):
            report(" ".join(words[:count]))
            time.sleep(5 / len(words))
