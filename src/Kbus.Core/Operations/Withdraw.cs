namespace Kbus.Core;

internal sealed partial class Bus
{
    /// <summary>A library awaits the answer to a Request no more. From now on the answer is an ordinary message.</summary>
    /// <remarks>
    /// <para>If the answer is on the lane, it moves into the queue, to the place where its number stands. If that place has been passed, it
    /// is the next to be taken. Limits and counts stay as they are.</para>
    /// <para>A step is counted for each debt, answer and entry of the queue that is read on the way. If a Ksock uses a tag twice at a
    /// time, one of the two is found.</para>
    /// </remarks>
    /// <param name="ksock">The Ksock that asked.</param>
    /// <param name="tag">The tag of the Request. If nothing has this tag, nothing happens.</param>
    public override void Withdraw(KsockState ksock, uint tag)
    {
        if (ksock.Waiting is { } waiting && waiting.Tag == tag)
        {
            waiting.Tag = 0;
        }
        else if (FindOwed(ksock, tag) is { } debt)
        {
            debt.Tag = 0;
        }
        else if (Observe(ksock) && HasAnswer(ksock, tag, out _))
        {
            ksock.Carrier.Freeze();
            Observe(ksock);
            if (HasAnswer(ksock, tag, out uint number))
            {
                MoveAnswer(ksock, number);
            }

            ksock.Carrier.Thaw();
        }

        Finish();
    }

    /// <summary>Gives an answer to the Ksock that asked: on the lane of answers if its library awaits it under a tag, otherwise at the end
    /// of the queue.</summary>
    private void AppendAnswer(KsockState ksock, StoredMessage message, uint tag)
    {
        if (tag == 0)
        {
            AppendOne(ksock, message, because: null, CopyFate.Requester);
            return;
        }

        CountCopies(message, 1);
        uint number = (uint)++ksock.LastNumber;
        ksock.NotAppended++;
        ksock.Answers.Append(number, message.EntireLength).Tag = tag;
        ksock.CountAnswers();
        Charges.UseBytes(ksock.Charges, message.EntireLength + MessageQueue.BookBytes);
        ksock.LastPushed = message.Header.Id;
        ksock.LastDelivery = _deliveries;
        message.AnsweredTag = tag;
        if (ksock.IsOpen)
        {
            ksock.Carrier.Answered(message, number);
        }

        NoteCopy(ksock, CopyFate.Requester);
        if (number % AppendsBetweenLooks == 0)
        {
            Observe(ksock);
        }
    }

    private void MoveAnswer(KsockState ksock, uint number)
    {
        _ = TryRemove(ksock, ksock.Answers, number, out QueueEntry entry);
        entry.Tag = 0;
        int place = ksock.Queue.Insert(entry);
        _steps += (uint)(ksock.Queue.Count - place);

        // So a place where messages are missing is reported at most a little too early, never too late.
        ksock.NotAppended--;
        ksock.Carrier.Withdrawn(number, place);
    }

    private ReplyDebt? FindOwed(KsockState sender, uint tag)
    {
        // Who gives up has mostly asked lately.
        ReplyDebt? debt = sender.Debts.Newest;
        while (debt is not null && (debt.Tag != tag || debt.State != DebtState.Owed))
        {
            _steps++;
            debt = sender.Debts.Before(debt);
        }

        return debt;
    }

    private bool HasAnswer(KsockState ksock, uint tag, out uint number)
    {
        for (int i = 0; i < ksock.Answers.Count; i++)
        {
            _steps++;
            if (ksock.Answers[i].Tag == tag)
            {
                number = ksock.Answers[i].Number;
                return true;
            }
        }

        number = 0;
        return false;
    }
}
