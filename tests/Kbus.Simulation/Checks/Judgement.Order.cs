namespace Kbus.Simulation;

/// <content>One order (P1).</content>
internal sealed partial class Judgement
{
    private void CheckOrder()
    {
        List<(Member Member, List<Sending> Order)> orders = [];
        foreach (Member member in _members.Where(m => m.IsHonest))
        {
            Receipt[] inOrder = [.. member.Receipts.Where(r => r.Sending is { IsUrgent: false } && !MayStandElsewhere(r))];
            CheckAgainstTime(member, inOrder);
            CheckUrgent(member);
            CheckCopyToAnswer(member);
            List<Sending> order = [];
            var seen = new HashSet<Sending>();
            foreach (Receipt receipt in inOrder)
            {
                if (seen.Add(receipt.Sending!))
                {
                    order.Add(receipt.Sending!);
                }
            }

            orders.Add((member, order));
        }

        for (int i = 0; i < orders.Count; i++)
        {
            for (int j = i + 1; j < orders.Count; j++)
            {
                CheckPair(orders[i], orders[j]);
            }
        }
    }

    /// <summary>True for an answer that came on its lane, or may have been there before.</summary>
    private static bool MayStandElsewhere(Receipt receipt) => receipt.Tag != 0 || (receipt.By.HasWithdrawn && receipt.IsOwnAnswer);

    /// <summary>What was sent when something else had been sent already comes behind that.</summary>
    private static void CheckAgainstTime(Member member, Receipt[] received)
    {
        Sending? latest = null;
        var lastOfSender = new Dictionary<Member, Sending>();
        foreach (Receipt receipt in received)
        {
            Sending sending = receipt.Sending!;
            if (latest is not null)
            {
                Sending before = latest;
                Expect(sending.Until >= before.From, "P1", () => $"{member} got {before} before {sending}");
            }

            if (lastOfSender.TryGetValue(sending.By, out Sending? last))
            {
                Expect(last.Order <= sending.Order, "P1", () => $"{member} got {last} before {sending}");
            }

            lastOfSender[sending.By] = sending;
            latest = latest is null || sending.From > latest.From ? sending : latest;
        }
    }

    private static void CheckPair((Member Member, List<Sending> Order) one, (Member Member, List<Sending> Order) other)
    {
        var places = new Dictionary<Sending, int>();
        for (int i = 0; i < other.Order.Count; i++)
        {
            places.Add(other.Order[i], i);
        }

        int last = -1;
        Sending? before = null;
        foreach (Sending sending in one.Order)
        {
            if (places.TryGetValue(sending, out int place))
            {
                Expect(place > last, "P1", () => $"{one.Member} got {before} before {sending}, and {other.Member} the other way round");
                (last, before) = (place, sending);
            }
        }
    }

    /// <summary>Nothing that was there already is taken between the arrival of an urgent message and its being taken.</summary>
    private static void CheckUrgent(Member member)
    {
        for (int i = 0; i < member.Receipts.Count; i++)
        {
            if (member.Receipts[i].Sending is not { IsUrgent: true, Fate: Fate.Sent } urgent || MayStandElsewhere(member.Receipts[i]))
            {
                continue;
            }

            for (int j = i - 1; j >= 0 && member.Receipts[j].Time > urgent.Until; j--)
            {
                Receipt before = member.Receipts[j];
                bool mayBeInFront = before.Sending is { IsUrgent: true } other && (other == urgent || other.Until >= urgent.From);
                bool isStrange = before.Sending is null && !before.IsOfBus;
                Expect(mayBeInFront || isStrange || MayStandElsewhere(before), "P1", () => $"{member} got {before} before the urgent {urgent}");
            }
        }
    }

    /// <summary>Of the copies of one message the one to answer comes first, or behind the one that is an answer itself (D13).</summary>
    private static void CheckCopyToAnswer(Member member)
    {
        foreach (Receipt receipt in member.Receipts.Where(r => r.IsToAnswer && r.Sending is not null))
        {
            Sending sending = receipt.Sending!;
            int place = sending.Receipts.Where(r => r.By == member).TakeWhile(r => r != receipt).Count();
            int answers = sending.IsAnswer && sending.To == member.KsockId ? 1 : 0;
            Expect(place <= answers, "P1", () => $"{member} got another copy before the one to answer: {receipt}");
        }
    }
}
