using Kbus.Link;

namespace Kbus.Simulation;

/// <content>What members were told of names: who replies, why a bind was refused.</content>
internal sealed partial class Judgement
{
    private void CheckNames()
    {
        foreach (Member member in _members.Where(m => m.IsHonest))
        {
            foreach (Call question in member.Questions.Where(q => !MayBeSpoilt(q.Ended)))
            {
                switch (question.Code)
                {
                    case CommandCode.Bind when question.Error == Errno.EADDRINUSE:
                        Expect(
                            RepliersOf(question.Name!).Any(b => b.MayBeThere(question.Begun, question.Ended)),
                            "P6", () => $"{member} cannot bind to {question.Name}, to which nobody is bound");
                        break;
                    case CommandCode.Bind or CommandCode.Unbind when question.Error == Errno.EAGAIN:
                        Expect(
                            BoundsFor(EventName, asReplier: false).Any(b => b.MayBeThere(question.Begun, question.Ended)),
                            "P3", () => $"{member} must wait to bind or unbind {question.Name}, and nobody listens for it");
                        break;
                    case CommandCode.FindReplier when question.Error == Errno.None:
                        CheckFound(member, question);
                        break;
                }
            }

            foreach (Bound bound in member.Bounds.Where(b => b.IsReplier && b.IsSure))
            {
                Bound? other = RepliersOf(bound.Pattern).FirstOrDefault(b => b != bound && b.IsThere(bound.Begun, bound.Made));
                Expect(other is null, "P5", () => $"{bound} was made though there is {other}");
            }
        }
    }

    /// <summary>There are no more bindings at once than there may be.</summary>
    private void CheckBindingLimit()
    {
        Bound[] bounds = [.. _members.SelectMany(m => m.Bounds).Where(b => b.IsSure)];
        foreach (Bound bound in bounds)
        {
            int count = 1 + bounds.Count(b => b != bound && b.IsThere(bound.Begun, bound.Made));
            Expect(count <= _scenario.Options.MaxBindings, "P8", () => $"{count} bindings, and there may be {_scenario.Options.MaxBindings}: {bound}");
        }
    }

    private IEnumerable<Bound> RepliersOf(string pattern) => _members.SelectMany(m => m.Bounds).Where(b => b.IsReplier && b.Pattern == pattern);

    private void CheckFound(Member member, Call question)
    {
        bool isMatching = (question.Flags & CommandFlags.Matching) != 0;
        Bound[] bounds = [.. isMatching ? BoundsFor(question.Name!, asReplier: true) : RepliersOf(question.Name!)];
        Bound? best = bounds.Where(b => b.IsThere(question.Begun, question.Ended)).MaxBy(b => b.Rank);
        uint found = question.Answer.Value;
        if (found == 0)
        {
            Expect(best is null, "P5", () => $"{member} is told that nobody replies to {question.Name}, and there is {best}");
            return;
        }

        bool mayBe = bounds.Any(b => b.By.KsockId == found && b.MayBeThere(question.Begun, question.Ended) && (best is null || b.Rank >= best.Rank));
        Expect(mayBe, "P5", () => $"{member} is told that {found} replies to {question.Name}, and there is {best}");
    }
}
