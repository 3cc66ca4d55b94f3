"""What the company has learnt to answer, its versions, and where it was used again."""

from conversations.knowledge.models.article import (
    Article,
    ArticleFlag,
    ArticleQuerySet,
    ArticleReview,
    ArticleState,
    ArticleVersion,
    FlagOutcome,
    VersionOutcome,
    Visibility,
)
from conversations.knowledge.models.help import ArticleFeedback, HelpCentre
from conversations.knowledge.models.ready import ReadyAnswer
from conversations.knowledge.models.use import ArticleUse, UseCheck

__all__ = [
    "Article",
    "ArticleFeedback",
    "ArticleFlag",
    "ArticleQuerySet",
    "ArticleReview",
    "ArticleState",
    "ArticleUse",
    "ArticleVersion",
    "FlagOutcome",
    "HelpCentre",
    "ReadyAnswer",
    "UseCheck",
    "VersionOutcome",
    "Visibility",
]
